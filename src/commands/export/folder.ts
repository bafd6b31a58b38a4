import {
  closeSync,
  type Dirent,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { OperatorError } from '../../platform/errors.ts';
import { HEADING } from './seed-files.ts';

/** The folder to which an export writes. Its files are for its owner alone. */
export interface ExportFolder {
  /** Writes a file beside its place. */
  write(name: string, text: string): void;
  /** Puts all files into their places. Returns the files of an earlier export that it removed. */
  finish(): string[];
  /** Removes what was written and is not in its place. */
  giveUp(): void;
}

/**
 * Opens a folder, and makes it if it is not there. With `replace`, it may hold an earlier export, whose files are
 * replaced, and any others, which stay as they are.
 *
 * @throws OperatorError when it holds something and `replace` is false, or is no folder.
 */
export function openExportFolder(folder: string, { replace }: { replace: boolean }): ExportFolder {
  const there = entriesOf(folder);
  if (there.length > 0 && !replace)
    throw new OperatorError(
      `${folder} is not empty. Name a new folder, or say --replace: it replaces the files of an earlier export, and leaves all others alone.`,
    );
  const earlier = new Set(
    there.filter((entry) => entry.isFile() && isExport(join(folder, entry.name))).map(({ name }) => name),
  );
  const others = new Set(there.filter(({ name }) => !earlier.has(name)).map(({ name }) => name));
  const written: string[] = [];
  const waiting = (name: string) => join(folder, `.${name}.${process.pid}`);
  return {
    write(name, text) {
      if (others.has(name))
        throw new OperatorError(
          `${join(folder, name)} is not of an export, and stays as it is. Name another folder.`,
        );
      writeFileSync(waiting(name), text, { mode: 0o600, flag: 'wx' });
      written.push(name);
    },
    finish() {
      for (const name of written) renameSync(waiting(name), join(folder, name));
      const stale = [...earlier].filter((name) => !written.includes(name)).toSorted();
      for (const name of stale) rmSync(join(folder, name));
      return stale;
    },
    giveUp() {
      for (const name of written) rmSync(waiting(name), { force: true });
    },
  };
}

function entriesOf(folder: string): Dirent[] {
  try {
    makeFolder(folder);
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' || code === 'ENOTDIR')
      throw new OperatorError(`${folder} is no folder.`, { cause: error });
    throw new OperatorError(`${folder} cannot be written (${code}).`, { cause: error });
  }
}

/** `mkdirSync` with `recursive` never ends in a folder that takes none, such as /proc. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || existsSync(dirname(folder))) throw error;
    makeFolder(dirname(folder));
    mkdirSync(folder, { mode: 0o700 });
  }
}

function isExport(path: string): boolean {
  const wanted = Buffer.from(HEADING);
  const read = Buffer.alloc(wanted.length);
  const file = openSync(path, 'r');
  try {
    readSync(file, read, 0, read.length, 0);
  } finally {
    closeSync(file);
  }
  return read.equals(wanted);
}
