import { closeSync, openSync, readSync } from 'node:fs';
import { OperatorError } from '../errors.ts';

/** A file of registrations. `name` is what messages and the audit trail call it. */
export interface SeedFile {
  name: string;
  sql: string;
}

/** Parsing takes many times the memory of the text. */
const MOST_BYTES = 32 * 1024 * 1024;

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
      `${path} is larger than ${MOST_BYTES / 1024 / 1024} MiB. Split it: a folder of files is applied as one.`,
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
