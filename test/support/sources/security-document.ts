import { readFileSync } from 'node:fs';

/** The first cells of the rows in docs/security.md that name `test` as their test, in the document's order. */
export function rowsTestedBy(test: string): (string | undefined)[] {
  const document = readFileSync(new URL('../../../docs/security.md', import.meta.url), 'utf8');
  const rows = document.matchAll(/^\| ([^|]+?) +\|.*\| `([a-z-]+)` +\|$/gm);
  return [...rows].filter(([, , name]) => name === test).map(([, first]) => first);
}
