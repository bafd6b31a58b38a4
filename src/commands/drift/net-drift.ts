import type { RegistrationEvent } from '../../audit/registration-trail-store.ts';
import { mergeFields } from '../../platform/seeds/run/net-changes.ts';
import type { Field } from '../registered/field-in-words.ts';
import { keyBefore, type TrailChange, toTrailChange } from './trail-change.ts';

/** Who changed a row, in the words of the trail. */
export interface Author {
  at: Date;
  way: string;
  address: string | null;
  request_id: string | null;
}

/** A row that is not as the files left it. */
export interface Drift {
  operation: 'created' | 'changed' | 'deleted';
  /** The name of one row: `client`, `client_secret`. */
  thing: string;
  /** Undefined where all rows were deleted at once. */
  key: string | undefined;
  fields: Field[];
  /** Columns that changed, perhaps back, and whose values the trail does not keep. */
  named: string[];
  by: Author[];
}

/** A row whose changes are being summed up, and the row to which it belongs. */
interface Row extends Drift {
  owners: Readonly<Record<'client' | 'listnr_client' | 'instance' | 'person', string | null>>;
}

/** The rows that go with a row of another table, without an event of their own. */
const PARTS: Readonly<Record<string, { owner: keyof Row['owners']; things: readonly string[] }>> = {
  instance: {
    owner: 'instance',
    things: [
      'client',
      'client_secret',
      'upstream_provider',
      'person',
      'upstream_identity',
      'worker_id',
      'user_record',
    ],
  },
  client: { owner: 'client', things: ['client_secret'] },
  listnr_client: { owner: 'listnr_client', things: ['listnr_client_secret', 'listnr_accepted_issuer'] },
  person: { owner: 'person', things: ['upstream_identity', 'worker_id', 'user_record'] },
};

/**
 * Sums up events, the oldest first: what was changed by another way than the files, and neither undone nor overwritten by
 * a file since.
 */
export function createNetDrift(isFile: (way: string) => boolean) {
  const rows = new Map<string, Row>();
  const all: Drift[] = [];

  function take(event: RegistrationEvent): void {
    const change = toTrailChange(event);
    if (!change) return;
    const settled = isFile(event.way);
    if (event.detail.all) {
      for (const [place, row] of rows) if (row.thing === change.thing) rows.delete(place);
      if (!settled)
        all.push({ ...summary(change), operation: 'deleted', key: undefined, by: [authorOf(event)] });
      return;
    }
    const place = placeOf(change.thing, keyBefore(change));
    const before = rows.get(place);
    rows.delete(place);
    const after = settled ? settle(before, change) : merge(before, change, event);
    if (after) rows.set(placeOf(change.thing, change.key), after);
    if (change.operation === 'deleted') forgetParts(change);
  }

  function forgetParts({ thing, key }: TrailChange): void {
    const parts = PARTS[thing];
    if (!parts) return;
    for (const [place, row] of rows)
      if (parts.things.includes(row.thing) && row.owners[parts.owner] === key) rows.delete(place);
  }

  return {
    take,
    found: (): Drift[] => [...all, ...[...rows.values()].map(({ owners: _, ...drift }) => drift)],
  };
}

function placeOf(thing: string, key: string): string {
  return JSON.stringify([thing, key]);
}

function authorOf({ at, way, address, request_id }: RegistrationEvent): Author {
  return { at, way, address, request_id };
}

function summary({ thing, key, operation }: TrailChange): Drift {
  return { operation, thing, key, fields: [], named: [], by: [] };
}

/** A file says how these columns are to be. A row that it makes or deletes is as it is to be. */
function settle(before: Row | undefined, change: TrailChange): Row | undefined {
  if (before?.operation !== 'changed' || change.operation !== 'changed') return undefined;
  const said = new Set([...change.fields.map(({ column }) => column), ...change.named]);
  const fields = before.fields.filter(({ column }) => !said.has(column));
  const named = before.named.filter((column) => !said.has(column));
  return fields.length + named.length === 0 ? undefined : { ...before, key: change.key, fields, named };
}

/** Undefined when the row is again as it was. */
function merge(before: Row | undefined, change: TrailChange, event: RegistrationEvent): Row | undefined {
  const by = [...(before?.by ?? []), authorOf(event)];
  const fields = mergeFields(before?.fields ?? [], change.fields);
  const named = [...new Set([...(before?.named ?? []), ...change.named])].toSorted();
  const { client_id: client, instance_id: instance, person_id: person } = event;
  const row = { ...summary(change), owners: { client, listnr_client: client, instance, person }, by };
  const operation = operationOf(before?.operation, change.operation);
  if (operation === undefined) return undefined;
  if (operation === 'changed' && fields.length + named.length === 0) return undefined;
  return { ...row, operation, fields, named };
}

/** A row that came and went is none; one that went and came again is changed. */
function operationOf(
  first: Drift['operation'] | undefined,
  second: Drift['operation'],
): Drift['operation'] | undefined {
  if (first === 'created') return second === 'deleted' ? undefined : 'created';
  if (first === 'deleted') return 'changed';
  return second;
}
