import { closeSync, openSync, readSync } from 'node:fs';
import { OperatorError } from '../errors.ts';

/** A file of registrations. `name` is what messages and the audit trail call it. */
export interface SeedFile {
  name: string;
  sql: string;
}

/** Parsing takes fifty times the memory of the text. */
const MOST_MIB = 32;
const MOST_BYTES = MOST_MIB * 1024 * 1024;

/**
 * The text of a seed file.
 * @throws OperatorError when the file is missing, empty, too large or not UTF-8.
 */
export function readSeedFile(path: string): string {
  let bytes: Buffer | undefined;
  try {
    bytes = readAtMost(path, MOST_BYTES);
  } catch (error) {
    throw new OperatorError(unreadable(path, error as NodeJS.ErrnoException), { cause: error });
  }
  if (!bytes)
    throw new OperatorError(
      `${path} is larger than ${MOST_MIB} MiB. Split it, and apply one part after the other.`,
    );
  const text = decoded(bytes);
  if (text === undefined) throw new OperatorError(`${path} is not UTF-8 text.`);
  if (text.trim() === '') throw new OperatorError(`${path} is empty.`);
  return text;
}

/** Undefined for a longer file. A pipe does not say how long it is. */
function readAtMost(path: string, most: number): Buffer | undefined {
  const file = openSync(path, 'r');
  try {
    const parts: Buffer[] = [];
    for (let length = 0; length <= most; ) {
      const part = Buffer.allocUnsafe(64 * 1024);
      const read = readSync(file, part);
      if (read === 0) return Buffer.concat(parts);
      parts.push(part.subarray(0, read));
      length += read;
    }
    return undefined;
  } finally {
    closeSync(file);
  }
}

function unreadable(path: string, { code }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return `${path} does not exist.`;
  if (code === 'EISDIR') return `${path} is a directory; name a file of SQL.`;
  return `${path} cannot be read (${code}).`;
}

function decoded(bytes: Buffer): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

/**
 * The files that run together, with these names.
 * @throws OperatorError for one that cannot be read, and when they are too large together.
 */
export function readTogether(names: readonly string[]): SeedFile[] {
  const files: SeedFile[] = [];
  let bytes = 0;
  for (const name of names) {
    const sql = readSeedFile(name);
    bytes += Buffer.byteLength(sql);
    if (bytes > MOST_BYTES)
      throw new OperatorError(
        `The files up to ${name} are larger than ${MOST_MIB} MiB together. Apply some of them after the others.`,
      );
    files.push({ name, sql });
  }
  return files;
}
