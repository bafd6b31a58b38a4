import type { RegistrationEvent } from '../../audit/registration-trail-store.ts';
import type { Field } from '../registered/field-in-words.ts';
import { toRecordedChange } from '../registered/recorded-change.ts';

/** An event as the change of one row. */
export interface TrailChange {
  thing: string;
  key: string;
  operation: 'created' | 'changed' | 'deleted';
  fields: Field[];
  named: string[];
}

/** Times that the database writes itself: a row that is made again has others. */
const TIMES = ['created_at', 'updated_at', 'last_used_at'];

/** The columns of the key of each table, in the order in which the trail names them. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  client_secret: ['client_id', 'name'],
  listnr_client_secret: ['client_id', 'name'],
  listnr_accepted_issuer: ['client_id', 'issuer'],
  worker_id: ['person_id', 'worker_id'],
  user_record: ['person_id', 'id'],
  upstream_identity: ['person_id'],
  upstream_provider: ['instance_id'],
};

/** The trail tells of a person without values; these events are about single columns. */
const OF_PERSON: Readonly<Record<string, Pick<TrailChange, 'fields' | 'named'>>> = {
  'person.disabled': { fields: [{ column: 'disabled', old: false, new: true }], named: [] },
  'person.enabled': { fields: [{ column: 'disabled', old: true, new: false }], named: [] },
  'password.changed': { fields: [], named: ['password_hash'] },
  'address.changed': { fields: [], named: ['email'] },
};

/** Undefined for an event that is no change of a row. */
export function toTrailChange(event: RegistrationEvent): TrailChange | undefined {
  const { person_id: person } = event;
  const [thing = '', verb] = event.event.split('.');
  const ofPerson = OF_PERSON[event.event];
  if (ofPerson) return { thing: 'person', key: person ?? '', operation: 'changed', ...ofPerson };
  if (verb !== 'created' && verb !== 'changed' && verb !== 'deleted') return undefined;
  const { key, fields, named } = toRecordedChange(event);
  const kept = fields.filter(({ column }) => !TIMES.includes(column));
  return { thing, key: key ?? person ?? '', operation: verb, fields: kept, named };
}

/** The key that the row had before, where the key itself changed. */
export function keyBefore({ thing, key, fields, operation }: TrailChange): string {
  const columns = KEYS[thing] ?? ['id'];
  const parts = columns.length === 1 ? [key] : key.split(' ');
  if (operation !== 'changed' || parts.length !== columns.length) return key;
  return columns
    .map((column, n) => fields.find((field) => field.column === column)?.old ?? parts[n])
    .join(' ');
}
