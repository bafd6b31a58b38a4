import type { Client } from 'pg';

/** A statement of the server, and how Postgres would execute it. */
export interface Explained {
  query: string;
  calls: number;
  /** The large tables that it would read completely. */
  scanned: string[];
}

const LARGE_ROWS = 10_000;
const EXPLICABLE = /^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b/i;

/** A statement in pg_stat_statements, which has parameters instead of constants. */
export interface HotQuery {
  query: string;
  calls: number;
}

/** The statements of a database that ran many times, from pg_stat_statements. */
export async function readHotQueries(observer: Client, database: string): Promise<HotQuery[]> {
  const { rows } = await observer.query<HotQuery>(
    `SELECT query, calls::float8 AS calls FROM pg_stat_statements
     WHERE dbid = (SELECT oid FROM pg_database WHERE datname = $1) AND calls >= 10 ORDER BY calls DESC`,
    [database],
  );
  return rows.filter(({ query }) => EXPLICABLE.test(query));
}

/** Explains the statements with the plans that Postgres makes for unknown parameters. */
export async function explain(app: Client, queries: readonly HotQuery[]): Promise<Explained[]> {
  const { rows } = await app.query<{ relname: string }>(
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > $1",
    [LARGE_ROWS],
  );
  const large = new Set(rows.map(({ relname }) => relname));
  await app.query('SET plan_cache_mode = force_generic_plan');
  const explained: Explained[] = [];
  for (const { query, calls } of queries) {
    await prepare(app, query);
    const nothing = parametersOf(query).map(() => 'NULL');
    const { rows } = await app.query(
      `EXPLAIN (FORMAT JSON) EXECUTE hot${nothing.length > 0 ? `(${nothing.join(', ')})` : ''}`,
    );
    await app.query('DEALLOCATE hot');
    const scanned = scannedTables(rows[0]['QUERY PLAN'][0].Plan).filter((name) => large.has(name));
    explained.push({ query, calls, scanned });
  }
  return explained;
}

/** Constants became parameters, and some parameters have no type; those were texts. */
async function prepare(app: Client, query: string): Promise<void> {
  const types = parametersOf(query).map(() => 'unknown');
  for (;;) {
    try {
      await app.query(`PREPARE hot${types.length > 0 ? `(${types.join(', ')})` : ''} AS ${query}`);
      return;
    } catch (error) {
      const [, untyped] =
        /^could not determine data type of parameter \$(\d+)$/.exec(String(error).replace(/^error: /, '')) ??
        [];
      if (untyped === undefined || types[Number(untyped) - 1] === 'text') throw error;
      types[Number(untyped) - 1] = 'text';
    }
  }
}

function parametersOf(query: string): number[] {
  const highest = Math.max(0, ...[...query.matchAll(/\$(\d+)/g)].map(([, n]) => Number(n)));
  return Array.from({ length: highest }, (_, n) => n + 1);
}

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  Plans?: Plan[];
}

/** The tables that a plan of `EXPLAIN (FORMAT JSON)` reads sequentially. */
export function scannedTables(plan: Plan): string[] {
  const own = plan['Node Type'] === 'Seq Scan' ? [plan['Relation Name'] ?? 'unknown'] : [];
  return [...own, ...(plan.Plans ?? []).flatMap(scannedTables)];
}
