import { types } from 'node:util';

/**
 * The meaning of a database error for the caller:
 * - `gone`: this node is away or does not accept writes. 503; the connection is closed.
 * - `no room`: the node is there, but full. 503; the connection is kept, because another may not be free.
 * - `again`: two transactions conflicted. A single statement is sent once more; anything else is 503.
 * - `slow`: Postgres ended a statement that took too long. It answered, so the connection is kept. 503.
 * - `ours`: the statement is wrong. 500.
 */
export type Sort = 'gone' | 'no room' | 'again' | 'slow' | 'ours';

/**
 * Postgres' error codes (its manual, appendix A), by code or by class (the first two characters). A code takes
 * precedence over its class. Every code that is missing here is `ours`.
 */
export const SORTS: Readonly<Record<string, Sort>> = {
  // Connection exceptions; 57P: shutdown, crash, starting up, database dropped.
  '08': 'gone',
  '57P01': 'gone',
  '57P02': 'gone',
  '57P03': 'gone',
  '57P04': 'gone',
  '57P05': 'gone',
  // Read-only, as after a failover; ended while idle in a transaction, or by a time limit.
  '25006': 'gone',
  '25P03': 'gone',
  '25P04': 'gone',
  // Another node, or one that is being set up: user, password and database were right when the server started.
  '28': 'gone',
  '3D': 'gone',
  '55000': 'gone',
  // System errors and configuration file errors, such as a full disk of this node.
  '58': 'gone',
  F0: 'gone',
  // Nobody knows whether the statement was carried out.
  '40003': 'gone',
  '53': 'no room',
  '40001': 'again',
  '40P01': 'again',
  '57014': 'slow',
  '55P03': 'slow',
};

/** The connection broke, could not be made, or was given up. `code` comes from the network, such as ECONNREFUSED. */
export class ConnectionLost extends Error {
  readonly code: string | undefined;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConnectionLost';
    this.code = (options?.cause as { code?: string } | undefined)?.code;
  }
}

/** Makes a ConnectionLost from an error of the network, of TLS or of a name server. */
export function lost(error: Error): ConnectionLost {
  return new ConnectionLost(error.message || String((error as { code?: string }).code), { cause: error });
}

/** No connection was free in time: all are in use, or this endpoint's share is. */
export class NoConnectionFree extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NoConnectionFree';
  }
}

/** The node accepts reads but no writes: a standby, or a demoted primary. */
export class ReadOnlyNode extends Error {
  constructor(message = 'it can be read and not written to') {
    super(message);
    this.name = 'ReadOnlyNode';
  }
}

/**
 * Sorts an error; undefined for one that does not come from the database. knex leaves the class and code as they are.
 */
export function sortOf(error: unknown): Sort | undefined {
  if (!types.isNativeError(error)) return undefined;
  if (error instanceof ConnectionLost || error instanceof ReadOnlyNode) return 'gone';
  if (error instanceof NoConnectionFree) return 'slow';
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code) || !('severity' in error)) return undefined;
  return SORTS[code] ?? SORTS[code.slice(0, 2)] ?? 'ours';
}
