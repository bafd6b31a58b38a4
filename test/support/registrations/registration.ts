import type { Change } from '../../../src/platform/seeds/run/seed-run.ts';
import { applySeed } from '../../../src/platform/seeds/seed.ts';
import { openTestDatabase, type TestDatabase } from '../databases/test-database.ts';
import { unique } from '../servers/test-server.ts';

export const DIGEST = `sha256:${'0'.repeat(64)}`;
export const HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$TGYG6HoJZBSCQ6xXZkDrHg$2PreCKOFj+5/YutFmllbe1vx5ZnfiA+6Y4+Pu10iRmg';

/** SQL, the constraint that refuses it, the sentence, and the hint. */
export type Refusal = [sql: string, constraint: string, sentence: string, hint: string];

export interface Registration {
  database: TestDatabase;
  apply(sql: string): Promise<Change[]>;
  expectRefused(refusal: Refusal): Promise<void>;
  /** Expects that the SQL works, and rolls it back. */
  expectAccepted(sql: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * A database with the instances `home` and `other`, the person `ada`, the confidential client `web`, and the LiSTNR
 * clients `service` (client credentials) and `app` (authenticated user).
 */
export async function openRegistration(): Promise<Registration> {
  const database = await openTestDatabase();
  const apply = (sql: string) => applySeed(database.knex, { name: 'f', sql });
  await apply(`
    INSERT INTO instances (id, name) VALUES ('home', 'Home'), ('other', 'Other');
    INSERT INTO people (id, instance_id) VALUES ('ada', 'home');
    ${aClient()} ${aSecret()}
    ${aListnrClient({ id: "'service'", pattern: "'client_credentials'" })} ${aListnrSecret()}
    ${aListnrClient({ id: "'app'" })} ${anAcceptedIssuer()}`);

  return {
    database,
    apply,
    async expectRefused([sql, constraint, sentence, hint]) {
      const message = await apply(sql).then(
        () => 'accepted',
        (error: Error) => error.message,
      );
      expect(message.split('\n')).toEqual([
        `f: ${sentence}`,
        `  ${hint}`,
        `  Constraint: ${constraint}`,
        '  Nothing of the file was applied.',
      ]);
    },
    async expectAccepted(sql) {
      const undo = new Error('undo');
      const applied = database.knex.transaction(async (trx) => {
        await trx.raw(sql.replaceAll('?', '\\?'));
        await trx.raw('SET CONSTRAINTS ALL IMMEDIATE');
        throw undo;
      });
      await expect(applied).rejects.toBe(undo);
    },
    close: () => database.close(),
  };
}

/** Rows for it.each. Each title has the sentence and the SQL. */
export function titled(refusals: Refusal[]): [sentence: string, sql: string, refusal: Refusal][] {
  return refusals.map((refusal) => [refusal[2], refusal[0], refusal]);
}

/** One row for each value that is refused with the same words. */
export function each(values: string[], refusal: (value: string) => Refusal): Refusal[] {
  return values.map(refusal);
}

/** The values are SQL expressions. */
export type Columns = Record<string, string>;

export function insert(table: string, columns: Columns): string {
  return `INSERT INTO ${table} (${Object.keys(columns).join(', ')}) VALUES (${Object.values(columns).join(', ')});`;
}

export function aPerson(columns: Columns): string {
  return insert('people', { id: "'new'", instance_id: "'home'", ...columns });
}

export function anUpstream(columns: Columns = {}): string {
  return insert('upstream_providers', {
    instance_id: "'home'",
    issuer: "'https://idp.example'",
    client_id: "'listo'",
    ...columns,
  });
}

export function aClient(columns: Columns = {}): string {
  return insert('clients', {
    id: "'web'",
    instance_id: "'home'",
    name: "'Web'",
    type: "'confidential'",
    redirect_uris: "'{https://app.example/callback}'",
    ...columns,
  });
}

export function aSecret(columns: Columns = {}): string {
  return insert('client_secrets', { client_id: "'web'", digest: `'${DIGEST}'`, ...columns });
}

/** The client `new`, with its own secret. */
export function aNewClient(columns: Columns = {}): string {
  return aClient({ id: "'new'", ...columns }) + aSecret({ client_id: "'new'" });
}

export function aListnrClient(columns: Columns = {}): string {
  return insert('listnr_clients', { id: "'new'", pattern: "'authenticated_user'", ...columns });
}

export function aListnrSecret(columns: Columns = {}): string {
  return insert('listnr_client_secrets', { client_id: "'service'", digest: `'${DIGEST}'`, ...columns });
}

export function anAcceptedIssuer(columns: Columns = {}): string {
  return insert('listnr_accepted_issuers', { client_id: "'app'", audiences: "'{web}'", ...columns });
}

export type ApplicationType = 'web' | 'native';

/** Registers a public client of the instance `demo` with this redirect URI. Returns its id, or the refusal. */
export async function registerRedirectUri(
  { knex }: TestDatabase,
  uri: string,
  { type = 'web', column = 'redirect_uris' }: { type?: ApplicationType; column?: string } = {},
): Promise<{ id: string } | { refused: string }> {
  const id = unique('client');
  const client = { id, instance_id: 'demo', name: 'New', type: 'public', application_type: type };
  return knex('clients')
    .insert({ ...client, redirect_uris: ['https://app.example/'], [column]: [uri] })
    .then(
      () => ({ id }),
      ({ message, constraint, hint }) => ({
        refused: `${message.split(' - ').slice(1).join(' - ').replaceAll(id, 'new')} (${constraint}): ${hint}`,
      }),
    );
}
