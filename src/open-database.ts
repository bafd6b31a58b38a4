import type { Config } from './config.ts';
import { type Database, openDatabase } from './platform/database.ts';

const CONNECTIONS_PER_PROCESS = 10;

/** The database of the configuration, for a server. */
export function openServerDatabase({ database }: Config): Promise<Database> {
  return openDatabase(
    database.kind === 'postgres'
      ? { url: database.url, poolSize: CONNECTIONS_PER_PROCESS }
      : { dataDir: database.dataDir },
  );
}

/** The same for a command: joins a server that has the embedded database open, and waits for a statement as long as it takes. */
export function openCommandDatabase({ database }: Config): Promise<Database> {
  return openDatabase(
    database.kind === 'postgres'
      ? { url: database.url, poolSize: 1, queryTimeoutMs: 0 }
      : { dataDir: database.dataDir, shareRunning: true, queryTimeoutMs: 0 },
  );
}
