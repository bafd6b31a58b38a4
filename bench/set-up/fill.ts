/**
 * Writes millions of rows as copies of a row from the server or the seed. So the copies look like the rows that the
 * server reads every day, whatever columns a table has. Triggers and foreign keys are off meanwhile.
 */
import type { Client } from 'pg';
import { Refusal } from '../../scripts/refusal.ts';
import { connect } from './cluster.ts';

export interface Copies {
  table: string;
  /** SQL that chooses the row to copy. */
  where?: string;
  /** Copies are numbered from `first` to `last`. `changes` has SQL with `n` for the columns that differ. */
  first: number;
  last: number;
  changes: Record<string, string>;
}

const SLICE = 100_000;
/** They are integrations, not people, and every process keeps all of them in memory. */
const MOST_LISTNR_CLIENTS = 100_000;

/** Opens the server's database for writing. */
export async function openFiller(url: string): Promise<Client> {
  const client = await connect(url);
  await client.query('SET session_replication_role = replica');
  await client.query('SET synchronous_commit = off');
  return client;
}

/** @throws Refusal when there is no row to copy. */
export async function copyRows(
  client: Client,
  { table, where = 'true', first, last, changes }: Copies,
): Promise<void> {
  const changed = Object.entries(changes).map(([column, sql]) => `'${column}', ${sql}`);
  const columns = await writableColumns(client, table);
  for (let from = first; from <= last; from += SLICE) {
    const { rowCount } = await client.query(
      `WITH template AS MATERIALIZED (SELECT to_jsonb(t) AS columns FROM ${table} t WHERE ${where} LIMIT 1)
       INSERT INTO ${table} (${columns.join(', ')})
       SELECT ${columns.map((column) => `copy.${column}`).join(', ')} FROM template, generate_series($1::int, $2::int) AS n,
         jsonb_populate_record(NULL::${table}, columns || jsonb_build_object(${changed.join(', ')})) AS copy`,
      [from, Math.min(last, from + SLICE - 1)],
    );
    if (rowCount === 0) throw new Refusal(`There is no row of ${table} to copy.`);
  }
}

/** All columns except those that Postgres computes. */
async function writableColumns(client: Client, table: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT quote_ident(attname) AS name FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`,
    [table],
  );
  return rows.map(({ name }) => name);
}

/** Adds people, confidential clients and LiSTNR clients, and for each person a session, a grant and a refresh token. */
export async function fillRegistrations(client: Client, first: number, last: number): Promise<void> {
  const range = { first, last };
  const id = "'fill-' || n";
  await copyRows(client, {
    ...range,
    table: 'people',
    where: "t.id = 'bench-person-1'",
    changes: { id, email: "'fill-' || n || '@bench.example'" },
  });
  await copyRows(client, { ...range, table: 'clients', where: "t.id = 'bench-web'", changes: { id } });
  await copyRows(client, {
    ...range,
    table: 'client_secrets',
    where: "t.client_id = 'bench-web'",
    changes: { client_id: id },
  });
  if (first <= MOST_LISTNR_CLIENTS)
    await fillListnrClients(client, first, Math.min(last, MOST_LISTNR_CLIENTS));
  await copyRows(client, {
    ...range,
    table: 'sessions',
    where: 't.person_id IS NOT NULL',
    changes: { uid: id, id_hash: hashOf('session'), person_id: id },
  });
  await fillGrants(client, range, {});
}

/** Adds LiSTNR clients with the secret of `bench-service`. */
export async function fillListnrClients(client: Client, first: number, last: number): Promise<void> {
  const id = "'fill-' || n";
  await copyRows(client, {
    ...{ first, last },
    table: 'listnr_clients',
    where: "t.id = 'bench-service'",
    changes: { id, audience: id },
  });
  await copyRows(client, {
    ...{ first, last },
    table: 'listnr_client_secrets',
    where: "t.client_id = 'bench-service'",
    changes: { client_id: id },
  });
  // The triggers that would tell the processes are off.
  await client.query("UPDATE versions SET version = version + 1 WHERE name = 'registration'");
}

/** Adds grants, each with its refresh token. */
export async function fillGrants(
  client: Client,
  range: { first: number; last: number },
  changes: Record<string, string>,
): Promise<void> {
  const id = "'fill-' || n";
  await copyRows(client, { ...range, table: 'grants', changes: { id, session_uid: id, ...changes } });
  await copyRows(client, {
    ...range,
    table: 'refresh_families',
    changes: { family: `substr(${hashOf('family')}, 1, 16)`, grant_id: id, ...changes },
  });
}

export function hashOf(what: string): string {
  return `sha256(('${what} ' || n)::bytea)`;
}
