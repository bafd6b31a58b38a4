import type { Queryable } from '../platform/database.ts';
import { prepare } from '../platform/postgres/statements/prepared-statement.ts';
import type { Delivery } from './delivery.ts';

/** How many deliveries to take: all together, of each lane, and of those lanes that have another number. */
export interface Room {
  free: number;
  perLane: number;
  ofLanes: Readonly<Record<string, number>>;
  /** How many to take at most of these lanes together. */
  ofAiling: number;
  ailing: readonly string[];
}

/** The deliveries that wait. `count` stops at `COUNT_AT_MOST`. */
interface Backlog {
  count: number;
  oldestSeconds: number;
}

/**
 * The outbox. Its rows are written by the transactions that cause them (migrations/functions/tell_clients.sql). Each
 * statement stands alone, so nothing is locked while something is sent: a claimed row is due again when the claim lapses,
 * and only the process with the latest claim settles it. Times are those of the database. The trigger `forget_deliveries`
 * deletes the rows of a client that is deleted.
 */
export interface DeliveryStore {
  /** Whether any of these kinds is due. The first entries of an index say so. */
  isDue(kinds: readonly string[], now: Date): Promise<boolean>;
  /** Takes due deliveries, which no other process then takes before `until`. */
  claim(kinds: readonly string[], room: Room, times: { now: Date; until: Date }): Promise<Delivery[]>;
  delivered(delivery: Delivery, now: Date): Promise<void>;
  /** Returns what became of it; undefined if another process has it by now, or it is gone. */
  failed(
    delivery: Delivery,
    why: string,
    times: { now: Date; next: Date },
  ): Promise<'queued' | 'given_up' | undefined>;
  backlog(now: Date): Promise<Backlog>;
}

const COUNT_AT_MOST = 10_000;

interface Row {
  id: string;
  kind: string;
  client_id: string | null;
  payload: Record<string, unknown>;
  attempts: number;
  give_up_at: Date;
  lane: string;
}

const lookForDue = prepare<object, { kinds: readonly string[]; now: Date }>(
  'look_for_due_deliveries',
  'SELECT FROM deliveries WHERE due_at <= :now AND kind = ANY (:kinds) LIMIT 1',
);

/**
 * Visits each lane by its first entry in the index, and takes its oldest due rows. A lane with a million rows costs no
 * more than one with a few. Rows that another process is taking are passed over.
 */
const claimDue = prepare<
  Row,
  Omit<Room, 'ofLanes'> & { kinds: readonly string[]; now: Date; until: Date; ofLanes: string }
>(
  'claim_deliveries',
  `
  WITH RECURSIVE lanes AS (
    (SELECT lane FROM deliveries WHERE due_at IS NOT NULL ORDER BY lane LIMIT 1)
    UNION ALL
    SELECT (SELECT d.lane FROM deliveries d WHERE d.due_at IS NOT NULL AND d.lane > l.lane ORDER BY d.lane LIMIT 1)
    FROM lanes l WHERE l.lane IS NOT NULL
  ),
  due AS MATERIALIZED (
    SELECT id FROM (
      SELECT first_ones.id, first_ones.due_at, ails, row_number() OVER (PARTITION BY ails ORDER BY first_ones.due_at) AS nth
      FROM lanes l CROSS JOIN LATERAL (
        SELECT d.id, d.due_at, d.lane = ANY (:ailing) AS ails FROM deliveries d
        WHERE d.lane = l.lane AND d.due_at <= :now AND d.kind = ANY (:kinds)
        ORDER BY d.due_at
        LIMIT coalesce((:ofLanes::jsonb ->> l.lane)::int, :perLane::int)
        FOR UPDATE SKIP LOCKED
      ) AS first_ones
    ) AS candidates
    WHERE NOT ails OR nth <= :ofAiling::int
    ORDER BY due_at LIMIT :free::int
  )
  UPDATE deliveries SET due_at = :until, attempts = attempts + 1, attempted_at = :now
  WHERE id = ANY (ARRAY(SELECT id FROM due))
  RETURNING id, kind, client_id, payload, attempts, give_up_at, lane`,
);

const settleDelivered = prepare<never, { id: string; attempt: number; now: Date }>(
  'settle_delivered',
  `UPDATE deliveries SET state = 'delivered', due_at = NULL, last_error = NULL, settled_at = :now,
     expires_at = :now::timestamptz + interval '7 days'
   WHERE id = :id AND attempts = :attempt AND state = 'queued'`,
);

/** Gives up if the next attempt would come too late. */
const settleFailed = prepare<
  { state: 'queued' | 'given_up' },
  { id: string; attempt: number; why: string; now: Date; next: Date }
>(
  'settle_failed_delivery',
  `UPDATE deliveries SET last_error = :why,
     state = CASE WHEN :next > give_up_at THEN 'given_up' ELSE state END,
     due_at = CASE WHEN :next <= give_up_at THEN :next::timestamptz END,
     settled_at = CASE WHEN :next > give_up_at THEN :now::timestamptz END,
     expires_at = CASE WHEN :next > give_up_at THEN :now::timestamptz + interval '30 days' ELSE expires_at END
   WHERE id = :id AND attempts = :attempt AND state = 'queued'
   RETURNING state`,
);

const measureBacklog = prepare<Backlog, { now: Date }>(
  'measure_deliveries',
  `SELECT count(*)::int AS count, coalesce(extract(epoch FROM :now - min(created_at)), 0)::float8 AS "oldestSeconds"
   FROM (SELECT created_at FROM deliveries WHERE due_at IS NOT NULL LIMIT ${COUNT_AT_MOST}) AS queued`,
);

export function createDeliveryStore(db: Queryable): DeliveryStore {
  return {
    async isDue(kinds, now) {
      const { rowCount } = await lookForDue(db, { kinds, now });
      return rowCount > 0;
    },

    async claim(kinds, room, times) {
      const { rows } = await claimDue(db, {
        kinds,
        ...room,
        ofLanes: JSON.stringify(room.ofLanes),
        ...times,
      });
      return rows.map(({ client_id, attempts, give_up_at, ...row }) => ({
        ...row,
        clientId: client_id,
        attempt: attempts,
        giveUpAt: give_up_at,
      }));
    },

    async delivered({ id, attempt }, now) {
      await settleDelivered(db, { id, attempt, now });
    },

    async failed({ id, attempt }, why, times) {
      const { rows } = await settleFailed(db, { id, attempt, why, ...times });
      return rows[0]?.state;
    },

    async backlog(now) {
      const { rows } = await measureBacklog(db, { now });
      return rows[0] ?? { count: 0, oldestSeconds: 0 };
    },
  };
}
