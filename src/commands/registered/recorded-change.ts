import type { RegistrationEvent } from '../../audit/registration-trail-store.ts';
import { type Field, fieldInWords, valueInWords } from './field-in-words.ts';

export type Operation = 'created' | 'changed' | 'deleted';

/** One change, as the trail tells it. */
export interface RecordedChange {
  at: Date;
  /** The event: `client.changed`. */
  event: string;
  /** The key of the row; undefined where the event is about a person, or about all rows. */
  key: string | undefined;
  way: string;
  address: string | null;
  request_id: string | null;
  fields: Field[];
  /** Columns that changed and whose values are not kept. */
  named: string[];
  /** The rest of what the trail says, such as the kind of a factor. */
  detail: Record<string, unknown>;
}

export function toRecordedChange({
  at,
  event,
  way,
  address,
  request_id,
  detail,
}: RegistrationEvent): RecordedChange {
  const { key, old = {}, new: now = {}, named = [], ...rest } = detail;
  const columns = [...new Set([...Object.keys(old), ...Object.keys(now)])].toSorted();
  return {
    ...{ at, event, key, way, address, request_id },
    fields: columns.map((column) => ({ column, old: old[column] ?? null, new: now[column] ?? null })),
    ...{ named, detail: rest },
  };
}

/** A line with who did it, and one for each column. A new or deleted row has those of its columns that had a value. */
export function changeInWords(change: RecordedChange): string[] {
  const { at, event, key, fields, named, detail } = change;
  const about = key === undefined || !event.includes('_') ? event : `${event} ${key}`;
  return [
    [at.toISOString(), about, whoInWords(change)].join('  '),
    ...fields.filter(isTold).map((field) => `    ${inWords(event, field)}`),
    ...named.map((column) => `    ${column}: the trail does not keep its value`),
    ...Object.entries(detail).map(([name, value]) => `    ${name}: ${valueInWords(value)}`),
  ];
}

export function whoInWords({
  way,
  address,
  request_id: id,
}: Pick<RecordedChange, 'way' | 'address' | 'request_id'>) {
  return `by ${[way, ...(id ? [id] : []), ...(address ? [`from ${address}`] : [])].join(' ')}`;
}

function isTold({ old, new: now }: Field): boolean {
  return (old ?? now) !== null;
}

function inWords(event: string, field: Field): string {
  if (event.endsWith('.created')) return `${field.column}: ${valueInWords(field.new)}`;
  if (event.endsWith('.deleted')) return `${field.column}: ${valueInWords(field.old)}`;
  return fieldInWords(field);
}
