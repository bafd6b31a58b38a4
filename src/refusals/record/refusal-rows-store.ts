import type { Queryable } from '../../platform/database.ts';
import { prepare } from '../../platform/postgres/statements/prepared-statement.ts';
import type { Refused } from '../refused.ts';
import { MOST_OF_ALL, MOST_OF_LANE, MOST_OF_UNKNOWN } from './bounds.ts';

/** Writes refusals, and keeps their number within bounds. Each is one statement, and waits for no other process. */
export interface RefusalRowsStore {
  /** Adds rows, which are clean, and returns their lanes. `ageMs` says how long ago each was answered. */
  add(refused: readonly (Refused & { ageMs: number })[]): Promise<string[]>;
  /** Deletes what is too much in these lanes, also of other processes: the oldest of their most frequent reasons. */
  boundLanes(lanes: readonly string[]): Promise<void>;
  /** Deletes what is too much in all, a part at a time: first the oldest that no client proved. Returns how many. */
  boundAll(): Promise<number>;
}

/** The lane of clients that are not registered. No id of a client has a space or a question mark. */
const UNKNOWN_LANE = "r.service || ' ?'";

/** A request does not look for disabled clients, so that its answer takes as long as that to an unknown one. */
const REASON =
  "CASE WHEN r.reason = 'client.unknown' AND c.disabled_at IS NOT NULL THEN 'client.disabled' ELSE r.reason END";

const addRows = prepare<{ lane: string }, { rows: string }>(
  'add_refusals',
  `
  INSERT INTO refusals
    (at, request_id, service, endpoint, status, client_id, client_is, instance_id, lane, error, reason, came, expected)
  SELECT now() - r."ageMs" * interval '1 millisecond', r."requestId", r.service, r.endpoint, r.status,
    coalesce(c.id, l.id, r."clientId"), r."clientIs", coalesce(c.instance_id, r."instanceId"),
    CASE WHEN c.id IS NULL AND l.id IS NULL THEN ${UNKNOWN_LANE}
         WHEN r."clientIs" = 'authenticated' THEN r.service || ' ' || coalesce(c.id, l.id) || ' authenticated'
         ELSE r.service || ' ' || coalesce(c.id, l.id) END,
    r.error, ${REASON}, r.came, r.expected
  FROM jsonb_to_recordset(:rows::jsonb) AS r ("ageMs" float8, "requestId" text, service text, endpoint text, status int,
    "clientId" text, claim text, "clientIs" text, "instanceId" text, error text, reason text, came jsonb, expected jsonb)
  LEFT JOIN clients c ON r.service = 'listo' AND c.id = coalesce(r.claim, r."clientId")
  LEFT JOIN listnr_clients l ON r.service = 'listnr' AND l.id = coalesce(r.claim, r."clientId")
  ORDER BY r."ageMs" DESC
  RETURNING lane`,
);

/** Rows that another process is deleting are passed over. */
const boundSome = prepare<never, { lanes: readonly string[] }>(
  'bound_refusals',
  `
  WITH full_lanes AS MATERIALIZED (
    SELECT lane, most FROM (
      SELECT lane, CASE WHEN lane LIKE '% ?' THEN ${MOST_OF_UNKNOWN} ELSE ${MOST_OF_LANE} END AS most
      FROM unnest(:lanes::text[]) AS asked (lane)
    ) AS bounds
    WHERE most < (SELECT count(*) FROM (
      SELECT FROM refusals r WHERE r.lane = bounds.lane LIMIT ${Math.max(MOST_OF_UNKNOWN, MOST_OF_LANE) + 1}) AS first_ones)
  ),
  ranked AS (
    SELECT r.id, r.lane, f.most,
      row_number() OVER (PARTITION BY r.lane, coalesce(r.reason, r.error) ORDER BY r.id DESC) AS nth_of_reason
    FROM full_lanes f JOIN refusals r ON r.lane = f.lane
  ),
  placed AS (
    SELECT id, most, row_number() OVER (PARTITION BY lane ORDER BY nth_of_reason, id DESC) AS place FROM ranked
  )
  DELETE FROM refusals WHERE id = ANY (ARRAY(
    SELECT id FROM refusals WHERE id IN (SELECT id FROM placed WHERE place > most) ORDER BY id FOR UPDATE SKIP LOCKED))`,
);

const MOST_DELETED = 10_000;

const boundWhole = prepare<never, { most: number }>(
  'bound_all_refusals',
  `
  DELETE FROM refusals WHERE id = ANY (ARRAY(
    SELECT id FROM refusals ORDER BY client_is IS NOT DISTINCT FROM 'authenticated', id
    LIMIT least(${MOST_DELETED}, greatest(0, (SELECT count(*) FROM refusals) - :most::int))
    FOR UPDATE SKIP LOCKED))`,
);

export function createRefusalRowsStore(db: Queryable, { mostOfAll = MOST_OF_ALL } = {}): RefusalRowsStore {
  return {
    async add(refused) {
      const { rows } = await addRows(db, { rows: JSON.stringify(refused.map(toRow)) });
      return [...new Set(rows.map(({ lane }) => lane))];
    },

    async boundLanes(lanes) {
      await boundSome(db, { lanes });
    },

    async boundAll() {
      const { rowCount } = await boundWhole(db, { most: mostOfAll });
      return rowCount;
    },
  };
}

function toRow({ why, ...refused }: Refused & { ageMs: number }) {
  return { ...refused, reason: why?.reason, came: why?.came ?? {}, expected: why?.expected ?? {} };
}
