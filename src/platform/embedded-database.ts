import { randomUUID } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { startEmbeddedSocket } from './embedded-socket.ts';
import { OperatorError } from './errors.ts';

/** Where a `pg` client finds the embedded database: the folder of its unix socket. */
export interface EmbeddedDatabase {
  socketDirectory: string;
  close(): Promise<void>;
}

const STARTING_GRACE_MS = 60_000;

/**
 * Opens PGlite (Postgres compiled to WebAssembly) in `dataDir`, or in memory when there is none, and serves it on
 * a unix socket of its own, so that `pg` and `knex` are the only drivers in the code.
 *
 * One process owns a data directory, by the lock file `owner.json`, which also says where its socket is.
 *
 * @throws OperatorError when another running process owns the directory.
 */
export async function openEmbeddedDatabase({
  dataDir,
  template,
}: {
  dataDir?: string | undefined;
  /** A data directory dumped by PGlite to start from; for tests, which would otherwise migrate each time. */
  template?: Blob;
}): Promise<EmbeddedDatabase> {
  const socketDirectory = mkdtempSync(join(tmpdir(), 'listo-db-'));
  const lock = dataDir ? await takeOwnership(dataDir, socketDirectory) : undefined;
  try {
    const db = await PGlite.create({
      ...(dataDir ? { dataDir: join(resolve(dataDir), 'postgres') } : {}),
      ...(template ? { loadDataDir: template } : {}),
    });
    const socket = await startEmbeddedSocket(db, join(socketDirectory, '.s.PGSQL.5432'));
    return {
      socketDirectory,
      async close() {
        await socket.close();
        await db.close();
        rmSync(socketDirectory, { recursive: true, force: true });
        lock?.release();
      },
    };
  } catch (error) {
    rmSync(socketDirectory, { recursive: true, force: true });
    lock?.release();
    throw error;
  }
}

/** The socket folder of the process that has `dataDir` open now, if one has. */
export async function findRunningEmbeddedDatabase(dataDir: string): Promise<string | undefined> {
  const owner = readOwner(ownerFile(dataDir));
  return owner && (await answers(owner.socketDirectory)) ? owner.socketDirectory : undefined;
}

interface Owner {
  pid: number;
  id: string;
  socketDirectory: string;
}

async function takeOwnership(dataDir: string, socketDirectory: string): Promise<{ release(): void }> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = ownerFile(dataDir);
  const owner: Owner = { pid: process.pid, id: randomUUID(), socketDirectory };

  for (let attempt = 0; attempt < 3; attempt += 1) {
    if (writeExclusively(file, JSON.stringify(owner))) {
      return {
        release() {
          if (readOwner(file)?.id === owner.id) rmSync(file, { force: true });
        },
      };
    }
    const present = readOwner(file);
    if (present && ((await answers(present.socketDirectory)) || isStarting(present, file))) {
      throw new OperatorError(
        `The data directory ${resolve(dataDir)} is already open in process ${present.pid}. Stop that one, or give this one another DATA_DIR.`,
      );
    }
    // The owner died without cleaning up. A process id proves nothing (in a container it is always 1); its socket does.
    rmSync(file, { force: true });
  }
  throw new OperatorError(
    `The data directory ${resolve(dataDir)} could not be locked: another process is opening it.`,
  );
}

function ownerFile(dataDir: string): string {
  return join(resolve(dataDir), 'owner.json');
}

function writeExclusively(file: string, content: string): boolean {
  try {
    const descriptor = openSync(file, 'wx', 0o600);
    writeSync(descriptor, content);
    closeSync(descriptor);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readOwner(file: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** A process that took the lock moments ago has no socket yet. */
function isStarting(owner: Owner, file: string): boolean {
  if (owner.pid === process.pid || Date.now() - statSync(file).mtimeMs > STARTING_GRACE_MS) return false;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function answers(socketDirectory: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(join(socketDirectory, '.s.PGSQL.5432'));
    socket.once('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.once('error', () => done(false));
  });
}
