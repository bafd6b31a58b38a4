import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { OperatorError } from '../errors.ts';
import { readTogether, type SeedFile } from './seed-file.ts';

/** The `*.sql` files of a folder, in the order of their names. */
export function filesOfFolder(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  return names.toSorted().map((name) => join(folder, name));
}

/**
 * The files that the words of a command name: files, and folders for all their `*.sql` files.
 * @throws OperatorError for a folder without any, and for a file that cannot be read or is named twice.
 */
export function readSeedFiles(paths: readonly string[]): SeedFile[] {
  const names = paths.flatMap((path) => {
    if (!isFolder(path)) return [path];
    const files = filesOfFolder(path);
    if (files.length === 0) throw new OperatorError(`${path} has no file that ends with .sql.`);
    return files;
  });
  const twice = names.find((name, n) => names.indexOf(name) !== n);
  if (twice !== undefined) throw new OperatorError(`${twice} is named twice.`);
  return readTogether(names);
}

/** False for a name that no file can have: reading the file says what is wrong with it. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
