/**
 * Fails on a sentence of a comment or a document that opens with "Of", "What" or "Whoever": such a sentence names its
 * actor late and has to be read twice. Part of `npm run lint`. It reads the folder in which it is started.
 */
import { globSync, readFileSync } from 'node:fs';
import { commentsOf, lineAt, type Passage } from './comments.ts';

const FILES = [
  '{.,docs,bench}/*.md',
  'migrations/schema.txt',
  '{src,test,bench,migrations,scripts}/**/*.{ts,mjs,sql}',
];
const OPENS_LATE = /^[*_"'(]*(of|what|whoever)\b/i;

/** Such sentences of a file, as `path:line: sentence`. */
export function findInversions(path: string, source: string): string[] {
  return passagesOf(path, source)
    .flatMap(sentencesOf)
    .filter(({ text }) => OPENS_LATE.test(text))
    .map(({ line, text }) => `${path}:${line}: ${text}`);
}

function passagesOf(path: string, source: string): Passage[] {
  if (path.endsWith('.md')) return proseOf(source);
  if (path.endsWith('.sql')) return matchesOf(source, /^ *-- .*(\n *-- .*)*/gm);
  // The comments that the migrations leave in the database.
  if (path.endsWith('.txt')) return matchesOf(source, / {2}-- .*/g);
  return commentsOf(source);
}

function matchesOf(source: string, comment: RegExp): Passage[] {
  return [...source.matchAll(comment)].map(({ index, 0: text }) => ({
    line: lineAt(source, index),
    text: text.replace(/^ *-- */gm, ''),
  }));
}

/** The paragraphs, list items and table cells of a Markdown file. Headings and code are no sentences. */
function proseOf(source: string): Passage[] {
  const passages: Passage[] = [];
  const lines = source.replace(/^( *)```[\s\S]*?^\1```/gm, (code) => code.replace(/.+/g, '')).split('\n');
  let continues = false;
  for (const [n, text] of lines.entries()) {
    const line = n + 1;
    const last = passages.at(-1);
    if (text.startsWith('|')) {
      if (!lines[line]?.startsWith('|--') && !lines[line]?.startsWith('| --'))
        passages.push(...text.split('|').map((cell) => ({ line, text: cell })));
    } else if (continues && last && !LIST_ITEM.test(text)) last.text += `\n${text}`;
    else if (!text.startsWith('#')) passages.push({ line, text: text.replace(LIST_ITEM, '') });
    continues = text.trim() !== '' && !/^[|#]/.test(text);
  }
  return passages;
}

const LIST_ITEM = /^[ >]*([-*]|\d+\.) /;

/** A sentence ends with its mark; a paragraph and a tag (`@throws`) begin a sentence, too. */
function sentencesOf(passage: Passage): Passage[] {
  const sentences = passage.text.matchAll(/\S[\s\S]*?(?=(?<=[.!?][)*_"'`]*)\s|\n\n|\n@|$)/g);
  return [...sentences].map(({ index, 0: text }) => ({
    line: passage.line + lineAt(passage.text, index) - 1,
    text: text
      .replace(/^@\w+ /, '')
      .replace(/\s+/g, ' ')
      .trim(),
  }));
}

if (import.meta.main) {
  const found = globSync(FILES).flatMap((path) => findInversions(path, readFileSync(path, 'utf8')));
  if (found.length > 0) {
    console.error(`${found.join('\n')}\n\nTurn it round: name the actor, then the verb, then the thing.`);
    process.exitCode = 1;
  }
}
