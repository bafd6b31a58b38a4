import type { Block } from './blocks.ts';

/** A command of a `console` block, without the `$`, and the lines that it prints there. */
export interface Exchange {
  command: string;
  printed: string[];
}

export function exchangesOf({ text }: Block): Exchange[] {
  const exchanges: Exchange[] = [];
  for (const line of text.trimEnd().split('\n')) {
    if (line.startsWith('$ ')) exchanges.push({ command: line.slice(2), printed: [] });
    else exchanges.at(-1)?.printed.push(line);
  }
  return exchanges;
}

/** A printed line without what differs from one run to the next: secrets, times, sizes, numbers, width of columns. */
export function lasting(line: string): string {
  return line
    .trim()
    .replaceAll(/ +/g, ' ')
    .replaceAll(/sealed:v1:\S+/g, 'SEALED')
    .replaceAll(/sha256:[0-9a-f]{64}/g, 'DIGEST')
    .replaceAll(/<the secret>|[\w-]{43}/g, 'SECRET')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d\.\d{3})?Z|\bnever\b/g, 'TIME')
    .replaceAll(/\d{4}-\d\d-\d\d/g, 'DAY')
    .replaceAll(/[\d.]+ (?:B|kB|kiB|MiB|GiB)\b/g, 'SIZE')
    .replaceAll(/(?<![\w-])~?\d+\b/g, 'N');
}
