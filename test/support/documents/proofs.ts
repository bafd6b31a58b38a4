import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

const ROOT = new URL('../../../', import.meta.url);

/** A test that a cell of a table names: its link leads to the file, and has the words of the test's name. */
export interface Proof {
  file: string;
  name: string;
}

/** The proofs of a cell of a document such as `docs/standards.md`. */
export function proofsIn(document: string, cell: string): Proof[] {
  return [...cell.matchAll(/\[([^\]]+)\]\(([^)#]+\.test\.ts)\)/g)].map(([, name = '', href = '']) => ({
    name,
    file: posix.join(posix.dirname(document), href),
  }));
}

/** Whether the file has a test, or a group of tests, of exactly this name. A name with values is written as in its file. */
export function isThere({ file, name }: Proof): boolean {
  if (!existsSync(new URL(file, ROOT))) return false;
  const text = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const title = new RegExp(`(?:\\b(?:it|describe)|\\))\\(\\s*(['"\`])${text}\\1`);
  return title.test(readFileSync(new URL(file, ROOT), 'utf8'));
}
