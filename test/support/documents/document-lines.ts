import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../../', import.meta.url);

/** Every document that people read: `README.md`, `docs/tokens.md`. */
export const DOCUMENTS: readonly string[] = globSync(['*.md', 'docs/*.md', 'bench/*.md'], {
  cwd: fileURLToPath(ROOT),
}).toSorted();

export interface DocumentLine {
  text: string;
  /** From 1 on. */
  line: number;
  /** The anchor of the heading above, or of the heading that the line is. Empty above the first. */
  anchor: string;
  /** 2 for a line with `##`, and 0 for one that is no heading. */
  level: number;
  /** Whether it is inside of a fenced block, or a fence. */
  isCode: boolean;
}

/** The lines of a document, such as `docs/tokens.md`, each with the heading it belongs to. */
export function documentLines(document: string): DocumentLine[] {
  const seen = new Map<string, number>();
  let isInside = false;
  let anchor = '';
  return readFileSync(new URL(document, ROOT), 'utf8')
    .split('\n')
    .map((text, index) => {
      const isFence = /^ *```/.test(text);
      if (isFence) isInside = !isInside;
      const isCode = isInside || isFence;
      const [, marks = '', heading = ''] = (!isCode && /^(#+) (.+)$/.exec(text)) || [];
      if (heading !== '') anchor = next(seen, anchorOf(heading));
      return { text, line: index + 1, anchor, level: marks.length, isCode };
    });
}

/** The anchors of a document's headings. */
export function anchorsOf(document: string): string[] {
  return documentLines(document)
    .filter(({ level }) => level > 0)
    .map(({ anchor }) => anchor);
}

/** The name that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .replaceAll(' ', '-');
}

/** The second heading of the same name gets a number. */
function next(seen: Map<string, number>, name: string): string {
  const count = seen.get(name) ?? 0;
  seen.set(name, count + 1);
  return count === 0 ? name : `${name}-${count}`;
}
