import { documentLines } from './document-lines.ts';

/** The rows of the table whose head begins with these words, as cells without the head. */
export function rowsOf(document: string, head: string): string[][] {
  const lines = documentLines(document).map(({ text }) => text);
  const first = lines.findIndex((line) => line.startsWith(head));
  if (first < 0) throw new Error(`${document} has no table that begins with: ${head}`);
  const end = lines.findIndex((line, index) => index > first && !line.startsWith('|'));
  return lines.slice(first + 2, end).map(cellsOf);
}

function cellsOf(row: string): string[] {
  return row
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}
