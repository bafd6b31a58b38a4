import { types } from 'node:util';

/**
 * What an error of the database means to whoever asked:
 * - `gone`: this node is away, or cannot be written to. 503; the connection is closed.
 * - `no room`: the node is there and full. 503; the connection is kept, for there may be no other.
 * - `again`: two transactions were in each other's way. A statement on its own is sent once more, otherwise 503.
 * - `slow`: Postgres ended a statement that took too long. It answered, so the connection is kept. 503.
 * - `ours`: the statement is wrong. 500.
 */
export type Sort = 'gone' | 'no room' | 'again' | 'slow' | 'ours';

/**
 * Postgres' error codes (its manual, appendix A), by code or by class (the first two characters); a code counts before
 * its class. Everything else is ours.
 */
export const SORTS: Readonly<Record<string, Sort>> = {
  // Connection exception; 57P: shutdown, crash, starting up, database dropped.
  '08': 'gone',
  '57P01': 'gone',
  '57P02': 'gone',
  '57P03': 'gone',
  '57P04': 'gone',
  '57P05': 'gone',
  // Read only, as after a failover; ended while idle in a transaction, or by its time.
  '25006': 'gone',
  '25P03': 'gone',
  '25P04': 'gone',
  // Another node, or one that is being set up: who we are and what we ask for was right when the server started.
  '28': 'gone',
  '3D': 'gone',
  '55000': 'gone',
  // System and configuration file errors: the disk of this node.
  '58': 'gone',
  F0: 'gone',
  // Whether the statement was carried out is not known.
  '40003': 'gone',
  '53': 'no room',
  '40001': 'again',
  '40P01': 'again',
  '57014': 'slow',
  '55P03': 'slow',
};

/** The connection broke, was never made, or was given up on. `code` is that of the network, such as ECONNREFUSED. */
export class ConnectionLost extends Error {
  readonly code: string | undefined;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConnectionLost';
    this.code = (options?.cause as { code?: string } | undefined)?.code;
  }
}

/** A ConnectionLost for what the network, TLS or a name server failed with. */
export function lost(error: Error): ConnectionLost {
  return new ConnectionLost(error.message || String((error as { code?: string }).code), { cause: error });
}

/** No connection was free in time: every one is in use, or the share of this endpoint is. */
export class NoConnectionFree extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NoConnectionFree';
  }
}

/** The node can be read and not written to: a standby, or one that was demoted. */
export class ReadOnlyNode extends Error {
  constructor(message = 'it can be read and not written to') {
    super(message);
    this.name = 'ReadOnlyNode';
  }
}

/** Sorts an error; undefined for one that does not come from the database. Knex leaves class and code as they are. */
export function sortOf(error: unknown): Sort | undefined {
  if (!types.isNativeError(error)) return undefined;
  if (error instanceof ConnectionLost || error instanceof ReadOnlyNode) return 'gone';
  if (error instanceof NoConnectionFree) return 'slow';
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code) || !('severity' in error)) return undefined;
  return SORTS[code] ?? SORTS[code.slice(0, 2)] ?? 'ours';
}
