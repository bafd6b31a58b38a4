import type { Config } from './config.ts';
import { type Database, openDatabase } from './platform/database.ts';

/** The database of the configuration, for a server. `say` is told once what an operator should know of it. */
export function openServerDatabase({ database }: Config, say: (sentence: string) => void): Promise<Database> {
  return openDatabase(database.kind === 'postgres' ? { ...database, say } : { dataDir: database.dataDir });
}

/** The same for a command: joins a server that has the embedded database open, and waits for a statement as long as it takes. */
export function openCommandDatabase({ database }: Config): Promise<Database> {
  return openDatabase(
    database.kind === 'postgres'
      ? { url: database.url, poolSize: 1, patient: true }
      : { dataDir: database.dataDir, shareRunning: true },
  );
}
