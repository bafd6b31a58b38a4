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

export interface Moment {
  at: Date;
  /** Undefined for the whole moment. */
  id?: string;
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
  /** The time of the first event that is kept; undefined for an empty trail. */
  beginning(): Promise<Date | undefined>;
}

const COLUMNS = [
  ...['id', 'at', 'event', 'person_id', 'client_id', 'instance_id'],
  ...['way', 'address', 'request_id', 'detail'],
];

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

    async beginning() {
      const first = await db('audit_events').orderBy('at').orderBy('id').first('at');
      return first?.at;
    },
  };
}

function isNewer(one: RegistrationEvent, other: RegistrationEvent): number {
  return other.at.getTime() - one.at.getTime() || Number(other.id) - Number(one.id);
}
