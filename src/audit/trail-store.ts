import type { Queryable } from '../platform/database.ts';

/** Which events to read; each member that is undefined takes all. */
export interface TrailFilter {
  personId?: string | undefined;
  clientId?: string | undefined;
  instanceId?: string | undefined;
  requestId?: string | undefined;
  /** An event, or the beginning of its name with the dot. */
  event?: string | undefined;
  since?: Date | undefined;
  /** Excluded. */
  until?: Date | undefined;
  limit: number;
}

/** An event as an operator reads it. */
export type StoredEvent = Record<string, unknown> & { id: string; at: Date };

/** Reads the audit trail. */
export interface TrailStore {
  /** The newest first. */
  list(filter: TrailFilter): Promise<StoredEvent[]>;
}

const COLUMNS = [
  ...['id', 'at', 'event', 'person_id', 'client_id', 'instance_id'],
  ...['way', 'address', 'request_id', 'detail'],
];

export function createTrailStore(db: Queryable): TrailStore {
  return {
    list({ personId, clientId, instanceId, requestId, event, since, until, limit }) {
      const query = db('audit_events').orderBy('at', 'desc').orderBy('id', 'desc').limit(limit);
      if (personId !== undefined) query.where({ person_id: personId });
      if (clientId !== undefined) query.where({ client_id: clientId });
      if (instanceId !== undefined) query.where({ instance_id: instanceId });
      if (requestId !== undefined) query.where({ request_id: requestId });
      // A slash follows the dot, so the names between are those that begin with the word.
      if (event?.endsWith('.')) query.whereBetween('event', [event, `${event.slice(0, -1)}/`]);
      else if (event !== undefined) query.where({ event });
      if (since) query.where('at', '>=', since);
      if (until) query.where('at', '<', until);
      return query.select(COLUMNS);
    },
  };
}
