import { chmodSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The entries of a data directory that are ours; `owner.json` has drafts beside it for a moment. */
const OURS = /^(postgres$|development-secrets$|owner\.json)/;
/** Entries that belong to nobody: hidden files, and the folder that each new file system has. */
const NOBODYS = /^(\.|lost\+found$)/;

/**
 * Makes the data directory, or takes an existing one away from other users of the machine.
 *
 * A directory that also holds foreign things keeps its mode, because somebody else may need them. So does one that
 * belongs to another user. Our folders in it are closed all the same: see `makePrivate`.
 */
export function prepareDataDirectory(dataDir: string): void {
  const directory = resolve(dataDir);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const foreign = readdirSync(directory).some((name) => !OURS.test(name) && !NOBODYS.test(name));
  if (foreign || dirname(directory) === directory) return;
  try {
    setMode(directory, 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
  }
}

/** The folder of the embedded database. */
export function postgresFolder(dataDir: string): string {
  return join(resolve(dataDir), 'postgres');
}

/** False where the embedded database was never made. A folder that cannot be read may hold one. */
export function holdsDatabase(dataDir: string): boolean {
  try {
    return lstatSync(join(postgresFolder(dataDir), 'PG_VERSION'), { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOTDIR';
  }
}

/**
 * Gives a folder of ours the mode 0700 and a file 0600, and likewise everything below. It follows no link. A missing
 * path is left out: another process may remove files meanwhile.
 */
export function makePrivate(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  try {
    if (found.isFile()) setMode(path, 0o600);
    if (!found.isDirectory()) return;
    setMode(path, 0o700);
    for (const name of readdirSync(path)) makePrivate(join(path, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function setMode(path: string, mode: number): void {
  if ((lstatSync(path).mode & 0o777) !== mode) chmodSync(path, mode);
}
