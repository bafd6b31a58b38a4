import { documentLines } from './document-lines.ts';

/**
 * The fenced blocks of our documents, so that a test can run what a reader copies:
 *
 *     const [block] = blocksAt('docs/client-libraries.md#authlib', 'python');
 *     const text = fillIn(block.text, { [DEMO_ISSUER]: server.url });
 *
 * A block is named by its document and the heading above it, as GitHub names the heading in a link.
 * `every-block.test.ts` has a line for each heading with blocks: the test that runs them, or why none does.
 */
export interface Block {
  /** The document and the anchor of the heading above: `docs/operating.md#signing-keys`. */
  place: string;
  /** The first word behind the fence: `sh`, `sql`, `python`. */
  language: string;
  /** The line of the document that opens the block. */
  line: number;
  text: string;
}

/** The issuer in the documents' examples: that of `npm start`. */
export const DEMO_ISSUER = 'http://localhost:3000';

const FENCE = /^( *)```(\S*)/;

/** All blocks of a document, such as `README.md`, in its order. */
export function blocksOf(document: string): Block[] {
  const blocks: Block[] = [];
  let open: { block: Block; indent: number; lines: string[] } | undefined;
  for (const { text, line, anchor } of documentLines(document)) {
    const [, spaces = '', language = ''] = FENCE.exec(text) ?? [];
    if (open === undefined) {
      if (!FENCE.test(text)) continue;
      const block = { place: `${document}#${anchor}`, language, line, text: '' };
      open = { block, indent: spaces.length, lines: [] };
    } else if (FENCE.test(text)) {
      blocks.push({ ...open.block, text: open.lines.join('') });
      open = undefined;
    } else {
      open.lines.push(`${text.slice(open.indent)}\n`);
    }
  }
  if (open) throw new Error(`${document} has no end of the block in line ${open.block.line}.`);
  return blocks;
}

/** The blocks below one heading, perhaps of one language alone. @throws when there is none */
export function blocksAt(place: string, language?: string): [Block, ...Block[]] {
  const [document = ''] = place.split('#');
  const [first, ...others] = blocksOf(document).filter(
    (block) => block.place === place && (language === undefined || block.language === language),
  );
  if (!first) throw new Error(`There is no block ${language ?? ''} at ${place}.`);
  return [first, ...others];
}

/** Replaces the values of an example by those of a test. @throws when the text does not have one of them */
export function fillIn(text: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce((filled, [example, value]) => {
    if (!filled.includes(example)) throw new Error(`The block does not have ${example}:\n${text}`);
    return filled.replaceAll(example, value);
  }, text);
}
