import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { makePrivate, postgresFolder } from '../data-directory.ts';
import { OperatorError } from '../errors.ts';
import { takeOwnership } from './data-directory-lock.ts';
import { startEmbeddedSocket } from './embedded-socket.ts';

/** `socketDirectory`: the folder of the unix socket on which a `pg` client finds the embedded database. */
export interface EmbeddedDatabase {
  socketDirectory: string;
  close(): Promise<void>;
}

/** The longest path of a unix socket that every system allows, in bytes. */
const SOCKET_PATH_LIMIT = 103;

/**
 * Opens PGlite (Postgres compiled to WebAssembly) in `dataDir`, or in memory without one. It serves PGlite on a unix
 * socket, so that the code needs no drivers but `pg` and `knex`.
 *
 * @throws OperatorError when another running process has the directory open, or when it cannot be opened.
 */
export async function openEmbeddedDatabase({
  dataDir,
  template,
}: {
  dataDir?: string | undefined;
  /** A data directory dumped by PGlite to start from. Tests use it, since they would otherwise migrate each time. */
  template?: Blob;
}): Promise<EmbeddedDatabase> {
  const socketDirectory = makeSocketDirectory();
  let lock: { release(): void } | undefined;
  const leave = () => {
    rmSync(socketDirectory, { recursive: true, force: true });
    lock?.release();
  };
  try {
    if (dataDir) lock = await takeOwnership(dataDir, socketDirectory);
    const db = await openPGlite(dataDir, template);
    const socket = await startEmbeddedSocket(db, socketPath(socketDirectory));
    return {
      socketDirectory,
      async close() {
        try {
          await socket.close();
          await db.close();
          if (dataDir) makePrivate(postgresFolder(dataDir));
        } finally {
          leave();
        }
      },
    };
  } catch (error) {
    leave();
    throw error;
  }
}

function makeSocketDirectory(): string {
  const folder = tmpdir();
  if (Buffer.byteLength(socketPath(join(folder, 'listo-db-XXXXXX'))) > SOCKET_PATH_LIMIT) {
    throw new OperatorError(
      `The folder for temporary files, ${folder}, has too long a path for a socket. Set TMPDIR to a shorter one.`,
    );
  }
  try {
    return mkdtempSync(join(folder, 'listo-db-'));
  } catch (error) {
    throw new OperatorError(
      `The folder for temporary files, ${folder}, cannot be used (${(error as NodeJS.ErrnoException).code}). Set TMPDIR to another.`,
      { cause: error },
    );
  }
}

function socketPath(directory: string): string {
  return join(directory, '.s.PGSQL.5432');
}

async function openPGlite(dataDir: string | undefined, template: Blob | undefined): Promise<PGlite> {
  const directory = dataDir && postgresFolder(dataDir);
  try {
    if (directory) closeFolder(directory);
    const db = await PGlite.create({
      ...(directory ? { dataDir: directory } : {}),
      ...(template ? { loadDataDir: template } : {}),
    });
    if (directory) makePrivate(directory);
    return db;
  } catch (cause) {
    throw new OperatorError(
      `The embedded database${directory ? ` in ${directory}` : ''} cannot be opened. It may be damaged, or written by another version: restore it, or remove it to begin anew.`,
      { cause },
    );
  }
}

/**
 * Closes the folder before the first file is in it. PGlite gives its files the mode 0666, so the folder's mode is what
 * protects a file that is made while it runs.
 */
function closeFolder(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  makePrivate(directory);
}
