import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { prepareDataDirectory } from '../data-directory.ts';
import { OperatorError } from '../errors.ts';

/** The process that has a data directory open, and the folder of its socket: the content of the file `owner.json`. */
interface Owner {
  pid: number;
  id: string;
  socketDirectory: string;
}

const STARTING_GRACE_MS = 60_000;
/**
 * The ids of the locks that this process holds. A process id proves nothing: in a container every process is number
 * 1.
 */
const held = new Set<string>();

/**
 * Makes this process the owner of `dataDir`. It replaces an owner that died without cleaning up.
 * @throws OperatorError when a running process has the directory open, or when it cannot be written.
 */
export async function takeOwnership(dataDir: string, socketDirectory: string): Promise<{ release(): void }> {
  const file = ownerFile(dataDir);
  const owner: Owner = { pid: process.pid, id: randomUUID(), socketDirectory };
  try {
    prepareDataDirectory(dataDir);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      if (appear(file, JSON.stringify(owner))) {
        held.add(owner.id);
        return { release: () => release(file, owner) };
      }
      const present = readOwner(file);
      if (present && ((await answers(present.socketDirectory)) || isStarting(present, file))) {
        throw new OperatorError(
          `The data directory ${resolve(dataDir)} is already open in process ${present.pid}. Stop that one, or give this one another DATA_DIR.`,
        );
      }
      removeStale(file, present);
    }
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw new OperatorError(
      `The data directory ${resolve(dataDir)} cannot be used (${(error as NodeJS.ErrnoException).code}). Make it writable, or set another DATA_DIR.`,
      { cause: error },
    );
  }
  throw new OperatorError(
    `The data directory ${resolve(dataDir)} could not be locked: another process is opening it.`,
  );
}

/** The socket folder of the running process that has `dataDir` open, if there is one. */
export async function findRunningOwner(dataDir: string): Promise<string | undefined> {
  const owner = readOwner(ownerFile(dataDir));
  return owner && (await answers(owner.socketDirectory)) ? owner.socketDirectory : undefined;
}

function ownerFile(dataDir: string): string {
  return join(resolve(dataDir), 'owner.json');
}

/** Creates a file with its whole content in one step, unless the file exists. Nobody ever reads half of it. */
function appear(file: string, content: string): boolean {
  const draft = `${file}.${randomUUID()}`;
  try {
    writeFileSync(draft, content, { mode: 0o600, flag: 'wx' });
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function readOwner(file: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** True for a process that took the lock moments ago and has no socket yet. */
function isStarting(owner: Owner, file: string): boolean {
  if (owner.pid === process.pid) return held.has(owner.id);
  if (Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) > STARTING_GRACE_MS)
    return false;
  try {
    process.kill(owner.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Removes the file of a dead owner. Another process may have replaced the file a moment ago: then it is put back. */
function removeStale(file: string, stale: Owner | undefined): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (readOwner(aside)?.id !== stale?.id) {
    renameSync(aside, file);
    return;
  }
  rmSync(aside);
  if (stale) removeSocketDirectory(stale.socketDirectory);
}

function release(file: string, owner: Owner): void {
  held.delete(owner.id);
  if (readOwner(file)?.id === owner.id) rmSync(file, { force: true });
}

/** Removes only the socket and its empty folder, because the path was read from a file. */
function removeSocketDirectory(directory: string): void {
  try {
    rmSync(join(directory, '.s.PGSQL.5432'), { force: true });
    rmdirSync(directory);
  } catch {
    // Another process owns it, or it is gone already. A leftover temporary folder must not keep the server from
    // starting.
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
