import { Buffer } from 'node:buffer';
import { parseSync } from '@swc/core';

export interface Passage {
  /** The first line, counted from 1. */
  line: number;
  /** The words without delimiters. An empty line separates paragraphs. */
  text: string;
}

/**
 * The comments of a TypeScript or JavaScript source; consecutive `//` lines are one comment. A parser finds the
 * strings, templates and regular expressions first, so that a `//` inside one of them is no comment.
 */
export function commentsOf(source: string): Passage[] {
  // swc counts bytes from the end of the previous file. The semicolon makes the first token the first byte.
  const bytes = Buffer.from(`;${source}`);
  const code = withoutLiterals(bytes);
  const found: { start: number; end: number }[] = [];
  for (let at = code.indexOf('/'); at >= 0; at = code.indexOf('/', at)) {
    const end = endOfComment(code, at);
    const last = found.at(-1);
    if (end && last && /^(\/\/.*\n *)+$/.test(code.slice(last.start, at)) && standsAlone(code, last.start))
      last.end = end;
    else if (end) found.push({ start: at, end });
    at = end ?? at + 1;
  }
  return found.map(({ start, end }) => ({
    line: lineAt(bytes.toString('latin1'), start),
    text: withoutDelimiters(bytes.subarray(start, end).toString()),
  }));
}

/** The line of an offset, counted from 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** One character for each byte, with spaces in place of literals. */
function withoutLiterals(bytes: Buffer): string {
  const module = parseSync(bytes.toString(), { syntax: 'typescript', target: 'es2024' });
  const code = Buffer.from(bytes);
  const blank = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('type' in value && LITERALS.includes(value.type)) {
      const { span } = value as unknown as { span: { start: number; end: number } };
      code.fill(' ', span.start - module.span.start, span.end - module.span.start);
    }
    for (const member of Object.values(value)) blank(member);
  };
  blank(module.body);
  return code.toString('latin1');
}

const LITERALS: readonly unknown[] = ['StringLiteral', 'TemplateElement', 'RegExpLiteral'];

function endOfComment(code: string, at: number): number | undefined {
  if (code.startsWith('//', at)) {
    const end = code.indexOf('\n', at);
    return end < 0 ? code.length : end;
  }
  return code.startsWith('/*', at) ? code.indexOf('*/', at) + 2 : undefined;
}

function standsAlone(code: string, at: number): boolean {
  return /^;? *$/.test(code.slice(code.lastIndexOf('\n', at) + 1, at));
}

function withoutDelimiters(comment: string): string {
  return comment
    .replace(/^\/\*+|\*\/$/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*(\/\/|\*)?\s*/, '').trimEnd())
    .join('\n')
    .trim();
}
