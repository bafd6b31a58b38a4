import type { PostgresAddress } from './address.ts';
import type { Connection } from './connection.ts';
import { connectionOpener, requireWritable } from './open-connection.ts';
import { ConnectionLost } from './sqlstates.ts';

/** Checks over its own connection whether there is a node that accepts writes. */
export interface Readiness {
  /** Answers within a second. @throws ConnectionLost, ReadOnlyNode, and the errors of Postgres. */
  check(): Promise<void>;
  close(): void;
}

const WITHIN_MS = 1000;
const STATEMENT_MS = 800;

export function createReadiness(address: PostgresAddress, say: (sentence: string) => void): Readiness {
  const open = connectionOpener({
    address: { ...address, connectTimeoutMs: Math.min(address.connectTimeoutMs, WITHIN_MS) },
    statementTimeoutMs: STATEMENT_MS,
    idleTimeoutMs: 0,
    say,
  });
  let kept: Connection | undefined;
  let asking: Promise<void> | undefined;
  let closed = false;

  const ask = async () => {
    const connection = kept && !kept.spoiled ? kept : await open();
    kept = connection;
    if (closed) return connection.close();
    const timer = setTimeout(() => connection.giveUp(tooLate()), WITHIN_MS);
    try {
      await requireWritable(connection);
    } catch (error) {
      connection.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    check() {
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      return inTime(asking);
    },
    close() {
      closed = true;
      kept?.close();
    },
  };
}

/** Waits for a check, which may have begun for another caller, for a second at most. */
async function inTime(asking: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate()), WITHIN_MS);
  });
  try {
    await Promise.race([asking, late]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLate(): ConnectionLost {
  return new ConnectionLost(`no answer in ${WITHIN_MS} ms`);
}
