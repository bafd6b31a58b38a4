import type { Variables } from './variables.ts';

/** The kinds of hot requests, which the short way can answer in front of Koa and the protocol library. */
export const DIRECT_KINDS = [
  'documents',
  'listnr',
  'userinfo',
  'introspection',
  'exchange',
  'refresh',
] as const;
export type DirectKind = (typeof DIRECT_KINDS)[number];

/** DIRECT: `all` (the default), `none`, or some of the kinds, separated by commas. */
export function readDirect(variables: Variables): ReadonlySet<DirectKind> {
  const text = variables.text('DIRECT') ?? 'all';
  if (text === 'all') return new Set(DIRECT_KINDS);
  if (text === 'none') return new Set();
  const names = text.split(',').map((name) => name.trim());
  const kinds = DIRECT_KINDS.filter((kind) => names.includes(kind));
  if (kinds.length < new Set(names).size)
    variables.mistakes.push(
      `DIRECT is all, none, or some of ${DIRECT_KINDS.join(', ')}, separated by commas.`,
    );
  return new Set(kinds);
}
