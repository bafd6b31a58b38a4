import type { Queryable } from '../platform/database.ts';
import type { AuditEvent } from './events.ts';

/** An event about a registration, as the triggers wrote it. */
export interface RegistrationEvent {
  id: string;
  at: Date;
  event: AuditEvent;
  person_id: string | null;
  client_id: string | null;
  instance_id: string | null;
  way: string;
  address: string | null;
  request_id: string | null;
  detail: {
    key?: string;
    old?: Record<string, unknown>;
    new?: Record<string, unknown>;
    /** The columns whose values are not kept. */
    named?: string[];
    /** All rows of the table went at once (TRUNCATE). */
    all?: boolean;
  } & Record<string, unknown>;
}

/** The column of the trail by which the events of one registration are found. */
export type Owner = 'client_id' | 'instance_id' | 'person_id';

/** An application of a file of registrations. */
export interface Application {
  file: string;
  /** The SHA-256 of what was applied; undefined where a release before noted none. */
  sha256: string | undefined;
  at: Date;
  /** The place in the trail, behind which later events stand. */
  place: Place;
}

/** A time as exact as the database has it, and the number of an event. */
export interface Place {
  at: string;
  id: string;
}

/** Reads what the trail has of registrations. */
export interface RegistrationTrailStore {
  /** The events of one registration, the newest first, with those that concern all of its kind. */
  of(
    owner: { column: Owner; id: string },
    events: readonly AuditEvent[],
    page: { since?: Date | undefined; limit: number },
  ): Promise<RegistrationEvent[]>;
  /** The deletions of instances, the newest first. */
  deletionsOf(instances: readonly string[]): Promise<RegistrationEvent[]>;
  /** The last application of each file, the oldest first. A release before wrote no event for it: its last change counts. */
  applications(changes: readonly AuditEvent[]): Promise<Application[]>;
  /** These events from a place or time on, or all of them, the oldest first, some thousand at a time. */
  since(from: Place | Date | undefined, events: readonly AuditEvent[]): AsyncGenerator<RegistrationEvent[]>;
  /** The time of the first event that is kept; undefined for an empty trail. */
  beginning(): Promise<Date | undefined>;
}

const COLUMNS = [
  ...['id', 'at', 'event', 'person_id', 'client_id', 'instance_id'],
  ...['way', 'address', 'request_id', 'detail'],
];

const BATCH = 2000;

/** A number before that of every event of a moment. */
const BEFORE_ALL = '-1';

export function createRegistrationTrailStore(db: Queryable): RegistrationTrailStore {
  const newestFirst = () => db('audit_events').orderBy('at', 'desc').orderBy('id', 'desc').select(COLUMNS);
  return {
    async of({ column, id }, events, { since, limit }) {
      const own = newestFirst()
        .where({ [column]: id })
        .whereIn('event', events)
        .limit(limit);
      // The index on the event finds them.
      const all = newestFirst()
        .whereIn('event', events)
        .whereNull(column)
        .whereRaw('detail @> \'{"all": true}\'')
        .limit(limit);
      if (since) for (const query of [own, all]) query.where('at', '>=', since);
      const found: RegistrationEvent[] = [...(await own), ...(await all)];
      return found.toSorted(isNewer).slice(0, limit);
    },

    deletionsOf: (instances) =>
      newestFirst().whereIn('instance_id', instances).where({ event: 'instance.deleted' }),

    async applications(changes) {
      const { rows } = await db.raw<{ rows: (Omit<Application, 'place'> & { exact: string; id: string })[] }>(
        `SELECT DISTINCT ON (file) file, sha256, at, at::text AS exact, id FROM (
           SELECT detail->>'file' AS file, detail->>'sha256' AS sha256, at, id FROM audit_events WHERE event = 'seeds.applied'
           UNION ALL
           SELECT substr(way, 6), NULL, at, id FROM audit_events
           WHERE event = ANY (?) AND way LIKE 'seed %'
             AND NOT EXISTS (SELECT FROM audit_events WHERE event = 'seeds.applied')
         ) AS applied ORDER BY file, applied.at DESC, id DESC`,
        [[...changes]],
      );
      return rows
        .map(({ exact, id, sha256, ...row }) => ({
          ...row,
          sha256: sha256 ?? undefined,
          place: { at: exact, id },
        }))
        .toSorted((one, other) => one.at.getTime() - other.at.getTime());
    },

    async *since(from, events) {
      let place: Place | undefined = from instanceof Date ? { at: from.toISOString(), id: BEFORE_ALL } : from;
      for (;;) {
        const query = db('audit_events').orderBy('at').orderBy('id').limit(BATCH).whereIn('event', events);
        if (place) query.whereRaw('(at, id) > (?::timestamptz, ?::bigint)', [place.at, place.id]);
        const rows: (RegistrationEvent & { exact: string })[] = await query
          .select(COLUMNS)
          .select(db.raw('at::text AS exact'));
        const last = rows.at(-1);
        if (last) yield rows;
        if (!last || rows.length < BATCH) return;
        place = { at: last.exact, id: last.id };
      }
    },

    async beginning() {
      const first = await db('audit_events').orderBy('at').orderBy('id').first('at');
      return first?.at;
    },
  };
}

function isNewer(one: RegistrationEvent, other: RegistrationEvent): number {
  return other.at.getTime() - one.at.getTime() || Number(other.id) - Number(one.id);
}
