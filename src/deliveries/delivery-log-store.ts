import type { Queryable } from '../platform/database.ts';

export const DELIVERY_STATES = ['queued', 'delivered', 'given_up'] as const;

export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** A row as an operator reads it. */
type LoggedDelivery = Record<string, unknown> & { id: string };

interface LogPage {
  state?: DeliveryState | undefined;
  kind?: string | undefined;
  clientId?: string | undefined;
  /** Rows that were queued before the one with this number. */
  after?: string | undefined;
  limit: number;
}

/** The outbox, for an operator. */
export interface DeliveryLogStore {
  /** The newest first. */
  list(page: LogPage): Promise<LoggedDelivery[]>;
  find(id: string): Promise<LoggedDelivery | undefined>;
  /** Sends it again as if it were new, whatever became of it. Returns false if there is none. */
  retry(id: string): Promise<boolean>;
}

const COLUMNS = [
  'id',
  'kind',
  'client_id',
  'state',
  'attempts',
  'created_at',
  'attempted_at',
  'due_at',
  'give_up_at',
  'settled_at',
  'last_error',
  'payload',
];

export function createDeliveryLogStore(db: Queryable): DeliveryLogStore {
  return {
    async list({ state, kind, clientId, after, limit }) {
      const query = db('deliveries').orderBy('id', 'desc').limit(limit).select(COLUMNS);
      if (state !== undefined) query.where({ state });
      if (kind !== undefined) query.where({ kind });
      if (clientId !== undefined) query.where({ client_id: clientId });
      if (after !== undefined) query.where('id', '<', after);
      return query;
    },

    find: (id) => db('deliveries').where({ id }).first(COLUMNS),

    async retry(id) {
      const changed = await db('deliveries')
        .where({ id })
        .update({
          state: 'queued',
          attempts: 0,
          due_at: db.fn.now(),
          settled_at: null,
          give_up_at: db.raw("now() + interval '1 day'"),
          expires_at: db.raw("now() + interval '30 days'"),
        });
      return changed === 1;
    },
  };
}
