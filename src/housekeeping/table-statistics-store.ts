import type { Queryable } from '../platform/database.ts';

/** A number of rows, and how exact it is. Counting stops at a limit, so that it is cheap for any table. */
export interface Count {
  value: number;
  precision: 'exact' | 'estimate' | 'more than' | 'at least';
}

export interface RowStatistics {
  rows: Count;
  /** The rows whose time is over; undefined where rows do not expire. */
  expired?: Count;
  /** How many seconds the oldest expired row has waited to be deleted; 0 when there is none. */
  lagSeconds?: number;
}

export interface TableStatistics extends RowStatistics {
  /** The size on disk, indexes included. */
  bytes: number;
  /** The same statistics for each value of the `groupBy` column. */
  groups: Record<string, RowStatistics>;
}

export interface TableStatisticsStore {
  /** `expiry`: an indexed column with the time when a row expires. `groupBy`: a column with few values. */
  of(table: string, options?: { expiry?: string; groupBy?: string }): Promise<TableStatistics>;
}

const COUNT_AT_MOST = 1_000_000;

/** A table by months has no rows itself. `pg_partition_tree` has no row for a table that is whole. */
const RELATION = `
  SELECT coalesce(sum(reltuples), 0)::float8 AS estimate, coalesce(sum(pg_total_relation_size(oid)), 0)::float8 AS bytes
  FROM pg_class
  WHERE relkind = 'r' AND (oid = :table::regclass OR oid IN (SELECT relid FROM pg_partition_tree(:table::regclass)))`;

/** From the rows that ANALYZE last sampled. */
const ESTIMATED_GROUPS = `
  SELECT name, frequency::float8
  FROM pg_stats, unnest(most_common_vals::text::text[], most_common_freqs) AS common (name, frequency)
  WHERE schemaname = current_schema() AND tablename = ? AND attname = ?`;

interface Counted {
  name: string | null;
  n: number;
  lag: number;
}

/** Statistics of tables for an operator. They are exact where counting ends soon; otherwise Postgres estimates them. */
export function createTableStatisticsStore(
  db: Queryable,
  { countAtMost = COUNT_AT_MOST } = {},
): TableStatisticsStore {
  const countRows = async (table: string, groupBy?: string): Promise<Counts> => {
    const { rows } = await db.raw<{ rows: Counted[] }>(
      `SELECT name, count(*)::float8 AS n, 0 AS lag FROM (SELECT ${groupBy ? '??' : 'NULL'} AS name FROM ?? LIMIT ?) AS first_ones GROUP BY name`,
      [...(groupBy ? [groupBy] : []), table, countAtMost + 1],
    );
    return toCounts(rows, countAtMost);
  };

  /** Counts the oldest rows, which come first in the index. */
  const countExpired = async (table: string, expiry: string, groupBy?: string): Promise<Counts> => {
    const { rows } = await db.raw<{ rows: Counted[] }>(
      `SELECT name, count(*)::float8 AS n, extract(epoch FROM now() - min(expiry))::float8 AS lag
       FROM (SELECT ${groupBy ? '??' : 'NULL'} AS name, ?? AS expiry FROM ?? WHERE ?? < now() ORDER BY ?? LIMIT ?) AS oldest
       GROUP BY name`,
      [...(groupBy ? [groupBy] : []), expiry, table, expiry, expiry, countAtMost + 1],
    );
    return toCounts(rows, countAtMost);
  };

  const estimateRows = async (table: string, total: number, groupBy?: string): Promise<Counts> => {
    const { rows } = await db.raw<{ rows: { name: string; frequency: number }[] }>(ESTIMATED_GROUPS, [
      table,
      groupBy ?? '',
    ]);
    const groups = rows.map(({ name, frequency }) => [name, estimate(frequency * total)] as const);
    return { whole: estimate(total), groups: new Map(groups), lags: new Map(), complete: false };
  };

  return {
    async of(table, { expiry, groupBy } = {}) {
      const { rows } = await db.raw<{ rows: { estimate: number; bytes: number }[] }>(RELATION, { table });
      const { estimate: estimated = 0, bytes = 0 } = rows[0] ?? {};
      const all =
        estimated > countAtMost
          ? await estimateRows(table, estimated, groupBy)
          : await countRows(table, groupBy);
      const expired = expiry ? await countExpired(table, expiry, groupBy) : undefined;
      const names = new Set([...all.groups.keys(), ...(expired?.groups.keys() ?? [])]);
      return {
        rows: all.whole,
        ...(expired && { expired: expired.whole, lagSeconds: Math.max(0, ...expired.lags.values()) }),
        bytes,
        groups: Object.fromEntries([...names].sort().map((name) => [name, groupOf(name, all, expired)])),
      };
    },
  };
}

interface Counts {
  whole: Count;
  groups: Map<string, Count>;
  lags: Map<string | null, number>;
  /** True when a group that is missing has no rows. */
  complete: boolean;
}

function toCounts(counted: Counted[], countAtMost: number): Counts {
  const total = counted.reduce((sum, { n }) => sum + n, 0);
  const complete = total <= countAtMost;
  return {
    whole: complete ? { value: total, precision: 'exact' } : { value: countAtMost, precision: 'more than' },
    groups: new Map(
      counted.flatMap(({ name, n }) =>
        name === null ? [] : [[name, { value: n, precision: complete ? 'exact' : 'at least' }]],
      ),
    ),
    lags: new Map(counted.map(({ name, lag }) => [name, lag])),
    complete,
  };
}

function groupOf(name: string, all: Counts, expired: Counts | undefined): RowStatistics {
  const ended = expired?.groups.get(name) ?? {
    value: 0,
    precision: expired?.complete ? 'exact' : 'at least',
  };
  return {
    // A group too rare for the estimate may still appear among the expired rows.
    rows: all.groups.get(name) ?? { value: ended.value, precision: 'at least' },
    ...(expired && { expired: ended, lagSeconds: expired.lags.get(name) ?? 0 }),
  };
}

function estimate(value: number): Count {
  return { value: Math.round(value), precision: 'estimate' };
}
