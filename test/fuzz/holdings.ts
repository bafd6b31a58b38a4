import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Opened } from './properties.ts';

/** The memory of the process, in MB after a collection, and the rows of its database. */
export interface Holdings {
  heap: number;
  external: number;
  rss: number;
  /** Rows of the tables that have any, and bytes of unanswered interactions. */
  rows: Record<string, number>;
}

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

export async function holdings({ world }: Opened): Promise<Holdings> {
  const { knex } = world.server.database;
  const tables: string[] = await knex('pg_tables')
    .where({ schemaname: 'public' })
    .orderBy('tablename')
    .pluck('tablename');
  const rows: Record<string, number> = {};
  for (const table of tables) {
    const [{ count } = { count: 0 }] = await knex(table).count<{ count: string | number }[]>();
    if (Number(count) > 0) rows[table] = Number(count);
  }
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  const mb = (bytes: number) => Math.round(bytes / 1e5) / 10;
  return { heap: mb(heapUsed), external: mb(external), rss: mb(rss), rows };
}

/** A warm process holds its caches. After the first rounds, its heap may grow by this, whatever the number of requests. */
const HEAP_MB = 64;
const WARM_AFTER = 3;
/**
 * Tables in which each accepted request may leave a row until it expires, and the people whom a customer's provider
 * names. All others are registrations.
 */
const GROWING = new Set(
  'people upstream_identities consents artifacts sessions refresh_families grants revoked_access_tokens used_proofs upstream_sign_ins pending_sign_ins denied_subjects guesses passkeys'.split(
    ' ',
  ),
);

/** The audit trail has partitions, and tells of each sign-in and refusal. */
function mayGrow(table: string): boolean {
  return GROWING.has(table) || table.startsWith('audit_events');
}

/** Sentences about what grew. */
export function growthOf(measured: readonly Holdings[]): string[] {
  const [first, last] = [measured[Math.min(WARM_AFTER, measured.length - 1)], measured.at(-1)];
  if (!first || !last) return [];
  const heap =
    last.heap > first.heap + HEAP_MB ? [`The heap grew from ${first.heap} to ${last.heap} MB.`] : [];
  const tables = Object.keys(last.rows).filter(
    (table) => !mayGrow(table) && (last.rows[table] ?? 0) > (first.rows[table] ?? 0),
  );
  return [
    ...heap,
    ...tables.map(
      (table) => `The table ${table} grew from ${first.rows[table] ?? 0} to ${last.rows[table]} rows.`,
    ),
  ];
}
