import type { Config } from './config.ts';
import { type Database, openDatabase } from './platform/database.ts';

/** Opens the configured database for a server. `say` receives each sentence for the operator once. */
export function openServerDatabase({ database }: Config, say: (sentence: string) => void): Promise<Database> {
  return openDatabase(database.kind === 'postgres' ? { ...database, say } : { dataDir: database.dataDir });
}

/**
 * Opens it for a command: joins a server that has the embedded database open, and waits for statements without limit.
 * Only a command that brings the schema up to date makes the embedded database.
 */
export function openCommandDatabase(
  { database }: Pick<Config, 'database'>,
  { make = false }: { make?: boolean } = {},
): Promise<Database> {
  return openDatabase(
    database.kind === 'postgres'
      ? { url: database.url, poolSize: 1, patient: true }
      : { dataDir: database.dataDir, shareRunning: true, mustExist: !make },
  );
}
