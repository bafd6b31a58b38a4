import type { Queryable } from '../../platform/database.ts';
import { prepare } from '../../platform/postgres/statements/prepared-statement.ts';

/** Where guesses are counted together. */
export interface Bucket {
  name: string;
  /** Whose guesses it counts, for the audit trail. */
  of?: 'account' | 'address' | 'browser' | 'person' | 'all';
  /** How many failures it allows in its time. */
  most: number;
  /** For how long a failure counts, in seconds; by default a minute. */
  seconds?: number;
  /** The account, where one account counts once, however often it fails. By default each guess counts. */
  counts?: string;
}

export interface GuessStore {
  /**
   * Begins a guess in each bucket that has room for what failed, what is under way, and this one. One statement
   * decides, so guesses that arrive together at several processes find no more room than there is. Returns the names
   * of these buckets.
   */
  begin(guess: string, buckets: readonly Bucket[]): Promise<string[]>;
  /** Ends a guess that failed; it counts for the time of each bucket. */
  fail(guess: string, buckets: readonly Bucket[]): Promise<void>;
  /** Ends a guess that does not count. */
  release(guess: string, names: readonly string[]): Promise<void>;
  /** In how many seconds buckets that are full of failures have room again; undefined when none is. */
  refusal(buckets: readonly Bucket[]): Promise<{ name: string; seconds: number } | undefined>;
}

const NOW = 'extract(epoch FROM clock_timestamp())::float8';
/** In seconds: by default, and for a guess whose process died, longer than any takes. */
const COUNTS_FOR = 60;
const UNDER_WAY_FOR = 30;

const LIVE_FAILED = `SELECT key, value FROM jsonb_each(g.failed) WHERE value::float8 > ${NOW}`;
const LIVE_UNDER_WAY = `SELECT key, value FROM jsonb_each(g.under_way) WHERE (value->>1)::float8 > ${NOW}`;
const asObject = (entries: string) =>
  `(SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM (${entries}) AS e)`;

/** Rows are locked in the order of their names, so that guesses never wait for each other in a circle. */
const BUCKETS = `
  SELECT b.name, b.most, coalesce(b.counts, :guess) AS counts, coalesce(b.seconds, ${COUNTS_FOR}) AS seconds
  FROM jsonb_to_recordset(:buckets::jsonb) AS b(name text, most integer, counts text, seconds integer) ORDER BY b.name`;

type Guess = { guess: string; buckets: string };

const begin = prepare<{ bucket: string }, Guess>(
  'begin_guess',
  `
  INSERT INTO guesses AS g (bucket, most, under_way, expires_at)
  SELECT name, most, jsonb_build_object(:guess::text, jsonb_build_array(counts, ${NOW} + ${UNDER_WAY_FOR})),
         clock_timestamp() + interval '${UNDER_WAY_FOR} seconds'
  FROM (${BUCKETS}) AS b
  ON CONFLICT (bucket) DO UPDATE
  SET most = excluded.most,
      failed = ${asObject(LIVE_FAILED)},
      under_way = ${asObject(LIVE_UNDER_WAY)} || excluded.under_way,
      expires_at = greatest(g.expires_at, excluded.expires_at)
  WHERE excluded.most >= (
    SELECT count(DISTINCT counted) FROM (
      SELECT key AS counted FROM (${LIVE_FAILED}) AS f
      UNION ALL SELECT value->>0 FROM (${LIVE_UNDER_WAY}) AS u
      UNION ALL SELECT value->>0 FROM jsonb_each(excluded.under_way)) AS c)
  RETURNING bucket`,
);

const fail = prepare<never, Guess>(
  'fail_guess',
  `
  INSERT INTO guesses AS g (bucket, most, failed, expires_at)
  SELECT name, most, jsonb_build_object(counts, ${NOW} + seconds), clock_timestamp() + make_interval(secs => seconds)
  FROM (${BUCKETS}) AS b
  ON CONFLICT (bucket) DO UPDATE
  SET failed = g.failed || excluded.failed,
      under_way = g.under_way - :guess::text,
      expires_at = greatest(g.expires_at, excluded.expires_at)`,
);

const release = prepare<never, { guess: string; names: readonly string[] }>(
  'release_guess',
  `
  WITH mine AS (SELECT bucket FROM guesses WHERE bucket = ANY (:names::text[]) ORDER BY bucket FOR UPDATE)
  UPDATE guesses g SET under_way = g.under_way - :guess::text FROM mine WHERE g.bucket = mine.bucket`,
);

const refusal = prepare<{ name: string; seconds: number }, { buckets: string }>(
  'refuse_guess',
  `
  SELECT b.name, min(f.value::float8) - ${NOW} AS seconds
  FROM jsonb_to_recordset(:buckets::jsonb) AS b(name text, most integer, counts text)
  JOIN guesses g ON g.bucket = b.name
  CROSS JOIN LATERAL (${LIVE_FAILED}) AS f
  GROUP BY b.name, b.most, b.counts
  HAVING count(*) >= b.most AND coalesce(b.counts <> ALL (array_agg(f.key)), true)
  ORDER BY seconds DESC LIMIT 1`,
);

export function createGuessStore(db: Queryable): GuessStore {
  return {
    async begin(guess, buckets) {
      const { rows } = await begin(db, { guess, buckets: JSON.stringify(buckets) });
      return rows.map(({ bucket }) => bucket);
    },
    async fail(guess, buckets) {
      await fail(db, { guess, buckets: JSON.stringify(buckets) });
    },
    async release(guess, names) {
      await release(db, { guess, names });
    },
    async refusal(buckets) {
      const { rows } = await refusal(db, { buckets: JSON.stringify(buckets) });
      return rows[0];
    },
  };
}
