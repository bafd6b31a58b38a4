import { escaped } from '../../platform/log/escaped.ts';
import { type Field, fieldInWords, valueInWords } from '../registered/field-in-words.ts';
import { whoInWords } from '../registered/recorded-change.ts';
import type { Drift } from './net-drift.ts';

const SIGNS: Record<Drift['operation'], string> = { created: '+', changed: '~', deleted: '-' };
/** More lines for one row are for `--json`. */
const MOST_AUTHORS = 5;

export function driftInWords({ operation, thing, key, fields, named, by }: Drift): string[] {
  const shown = fields.filter(({ old, new: now }) => (old ?? now) !== null);
  const earlier = by.length - MOST_AUTHORS;
  return [
    `${SIGNS[operation]} ${key === undefined ? `all of ${thing}` : `${thing} ${key}`}`,
    ...(operation === 'deleted' ? [] : shown.map((field) => `    ${inWords(operation, field)}`)),
    ...named.map((column) => `    ${column}: the trail does not keep its value`),
    ...(earlier > 0 ? [`    ${earlier} earlier changes`] : []),
    ...by.slice(-MOST_AUTHORS).map((author) => `    ${author.at.toISOString()}  ${whoInWords(author)}`),
  ].map(escaped);
}

function inWords(operation: Drift['operation'], field: Field): string {
  return operation === 'created' ? `${field.column}: ${valueInWords(field.new)}` : fieldInWords(field);
}
