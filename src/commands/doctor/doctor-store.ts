import type { Queryable } from '../../platform/database.ts';

/** Facts about the database, for an operator. */
export interface DatabaseFacts {
  version: string;
  role: string;
  schema: string | null;
  isStandby: boolean;
  isReadOnly: boolean;
  fsync: string;
  synchronousCommit: string;
  synchronousStandbys: string;
  standbys: number;
  /** The most connections that this role gets at this database. */
  connections: number;
  /** The role that the tables belong to, if it is another one whose rights this one does not have. */
  otherOwner: string | null;
}

export interface ExpiringSecrets {
  kind: 'client' | 'listnr';
  id: string;
  /** When the last secret ends. */
  until: Date;
}

export interface DoctorStore {
  facts(): Promise<DatabaseFacts>;
  /** The tables of this server that its role may not use, with the privileges that it lacks. */
  lackingPrivileges(): Promise<{ table: string; privileges: string[] }[]>;
  now(): Promise<Date>;
  /** Writes a row and undoes it. @throws the error of Postgres when it cannot. */
  tryWriting(): Promise<void>;
  /** The clients whose secrets all end before this time, by the database's clock. */
  secretsEndingBefore(time: Date): Promise<ExpiringSecrets[]>;
  sealedUpstreamSecrets(): Promise<{ instanceId: string; sealed: string }[]>;
  /** The instances with a provider of their own. */
  providerIds(): Promise<string[]>;
  sealedKeys(): Promise<string[]>;
  publishedKids(): Promise<string[]>;
  /** The last month that the audit trail has a partition for: 2026-12. */
  lastAuditMonth(): Promise<string | undefined>;
  deliveries(): Promise<{ givenUp: number; late: number; lastError: string | null }>;
}

const FACTS = `
  SELECT current_setting('server_version') AS version, current_user AS role, current_schema() AS schema,
    pg_is_in_recovery() AS is_standby, current_setting('transaction_read_only') = 'on' AS is_read_only,
    current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit,
    current_setting('synchronous_standby_names') AS synchronous_standbys,
    (SELECT count(*)::int FROM pg_stat_replication) AS standbys,
    (SELECT least(current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
       nullif(r.rolconnlimit, -1), nullif(d.datconnlimit, -1))
     FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()) AS connections,
    (SELECT pg_get_userbyid(c.relowner) FROM pg_class c
     WHERE c.oid = to_regclass('knex_migrations') AND NOT pg_has_role(current_user, c.relowner, 'USAGE')) AS other_owner`;

const LACKING = `
  SELECT c.relname AS "table", array_agg(p.privilege ORDER BY p.privilege) AS privileges
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
    unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p (privilege)
  WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT has_table_privilege(c.oid, p.privilege)
  GROUP BY c.relname ORDER BY c.relname`;

/** A client that has a secret that never ends has none in the result. */
const ENDING = `
  SELECT 'client' AS kind, c.id, max(s.expires_at) AS until FROM clients c JOIN client_secrets s ON s.client_id = c.id
  WHERE c.disabled_at IS NULL GROUP BY c.id HAVING bool_and(s.expires_at < :time)
  UNION ALL
  SELECT 'listnr', c.id, max(s.expires_at) FROM listnr_clients c JOIN listnr_client_secrets s ON s.client_id = c.id
  WHERE c.disabled_at IS NULL GROUP BY c.id HAVING bool_and(s.expires_at < :time)
  ORDER BY until, id`;

const AUDIT_MONTHS = `
  SELECT max(replace(substring(c.relname FROM '^audit_events_(\\d{4}_\\d{2})$'), '_', '-')) AS month
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass('audit_events')`;

const DELIVERIES = `
  SELECT count(*) FILTER (WHERE state = 'given_up' AND settled_at > now() - interval '1 day')::int AS given_up,
    count(*) FILTER (WHERE due_at < now() - interval '10 minutes')::int AS late,
    (SELECT last_error FROM deliveries WHERE last_error IS NOT NULL AND state <> 'delivered' ORDER BY id DESC LIMIT 1)
      AS last_error
  FROM deliveries WHERE due_at IS NOT NULL OR settled_at > now() - interval '1 day'`;

class Undone extends Error {}

export function createDoctorStore(db: Queryable): DoctorStore {
  return {
    async facts() {
      const { rows } = await db.raw(FACTS);
      const [row] = rows;
      return {
        ...{ version: row.version, role: row.role, schema: row.schema, fsync: row.fsync },
        ...{ isStandby: row.is_standby, isReadOnly: row.is_read_only, standbys: row.standbys },
        synchronousCommit: row.synchronous_commit,
        synchronousStandbys: row.synchronous_standbys,
        connections: row.connections,
        otherOwner: row.other_owner,
      };
    },
    lackingPrivileges: async () => (await db.raw(LACKING)).rows,
    now: async () => (await db.raw('SELECT clock_timestamp() AS now')).rows[0].now,
    async tryWriting() {
      const undone = new Undone();
      await db
        .transaction(async (trx) => {
          await trx('used_proofs').insert({
            id_hash: trx.raw("sha256(convert_to(gen_random_uuid()::text, 'UTF8'))"),
            expires_at: trx.fn.now(),
          });
          throw undone;
        })
        .catch((error) => {
          if (error !== undone) throw error;
        });
    },
    secretsEndingBefore: async (time) => (await db.raw(ENDING, { time })).rows,
    sealedUpstreamSecrets: async () =>
      (await db('upstream_providers').whereNotNull('client_secret_sealed').orderBy('instance_id')).map(
        ({ instance_id, client_secret_sealed }) => ({
          instanceId: instance_id,
          sealed: client_secret_sealed,
        }),
      ),
    providerIds: () => db('upstream_providers').orderBy('instance_id').pluck('instance_id'),
    sealedKeys: () => db('signing_keys').pluck('private_jwk_sealed'),
    publishedKids: () => db('signing_keys').where({ key_set: 'oidc' }).pluck('kid'),
    lastAuditMonth: async () => (await db.raw(AUDIT_MONTHS)).rows[0]?.month ?? undefined,
    async deliveries() {
      const { rows } = await db.raw(DELIVERIES);
      const { given_up: givenUp, late, last_error: lastError } = rows[0];
      return { givenUp, late, lastError };
    },
  };
}
