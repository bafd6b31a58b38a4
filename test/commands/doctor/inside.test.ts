import type { Knex } from 'knex';
import type { CommandContext } from '../../../src/commands/command.ts';
import { serverSettings } from '../../../src/config.ts';
import { openDatabase } from '../../../src/platform/database.ts';
import { systemClock } from '../../../src/platform/time/clock.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { startMailServer } from '../../support/mail/mail-server.ts';
import { runOn, TEST_ENVIRONMENT } from '../../support/registrations/command-line.ts';

interface Found {
  check: string;
  name: string;
  sentence: string;
  remedy: string;
}

/** No server is started, so nobody mends what these tests break. */
const ISSUER = 'http://localhost:1';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase('demo');
  for (const set of ['oidc', 'listnr']) expect((await runOn(database, ['keys', 'rotate', set])).code).toBe(0);
});
afterAll(() => database.close());

/** The findings of everything but the issuer, which is away. */
async function findingsOn(
  db: TestDatabase,
  env: Record<string, string> = {},
  context: Partial<CommandContext> = {},
): Promise<Found[]> {
  const { code, out, err } = await runOn(db, ['doctor', '--json'], {
    server: () => serverSettings({ ...TEST_ENVIRONMENT, ISSUER, ...env }),
    ...context,
  });
  expect({ code, err }).toEqual({ code: 2, err: '' });
  const { findings }: { findings: Found[] } = JSON.parse(out.join('\n'));
  return findings.filter(({ check }) => check !== 'issuer');
}

/** The findings while `sql` is done, which is undone afterwards. */
async function findingsAfter(
  sql: string | ((trx: Knex.Transaction) => Promise<unknown>),
  env: Record<string, string> = {},
  more: Partial<TestDatabase> = {},
): Promise<Found[]> {
  const undo = new Error('undo');
  let found: Found[] = [];
  const broken = database.knex.transaction(async (trx) => {
    if (typeof sql === 'string') await trx.raw(sql);
    else await sql(trx);
    found = await findingsOn({ ...database, ...more, knex: trx }, env);
    throw undo;
  });
  await expect(broken).rejects.toBe(undo);
  return found;
}

const named = (found: readonly Found[], name: string) => found.filter((one) => one.name === name);

/** Each breaks something for real. The sentence and the remedy are what the operator reads. */
const MISTAKES: [
  what: string,
  found: () => Promise<Found[]>,
  name: string,
  sentence: RegExp,
  remedy: RegExp,
][] = [
  [
    'a variable with a wrong value',
    () => findingsOn(database, { PORT: 'http' }),
    'configuration.wrong',
    /PORT is "http"; it takes a whole number from 0 to 65535\./,
    /^Correct all that it lists/,
  ],
  [
    'a misspelt variable',
    () => findingsOn(database, { TRUSTED_PROXY: '10.0.0.1' }),
    'configuration.wrong',
    /TRUSTED_PROXY is not a variable of this server\. Write TRUSTED_PROXIES/,
    /^Correct all that it lists/,
  ],
  [
    'a database that is away',
    () =>
      findingsOn(
        database,
        {},
        { openDatabase: () => openDatabase({ url: 'postgres://localhost:1/listo', poolSize: 1 }) },
      ),
    'database.away',
    /^Postgres at localhost:1.* does not answer \(ECONNREFUSED\)/,
    /^Start the database, or correct the host and port of DATABASE_URL\./,
  ],
  [
    'the clock of this machine',
    () => findingsOn(database, {}, { clock: { now: () => new Date(systemClock.now().getTime() + 90_000) } }),
    'database.clock',
    /^The clock of this machine is 90 seconds ahead of that of the database\./,
    /NTP/,
  ],
  [
    'a role that may only read',
    () =>
      findingsAfter(
        'CREATE ROLE listo_reader; GRANT SELECT ON ALL TABLES IN SCHEMA public TO listo_reader; SET LOCAL ROLE listo_reader',
      ),
    'database.privilege',
    /^The role listo_reader of DATABASE_URL may not DELETE, INSERT, UPDATE in \w+, and lacks something at \d+ more tables\.$/,
    /^Connect as \w+, to whom the tables belong, or run: GRANT "\w+" TO "listo_reader";$/,
  ],
  [
    'an older schema',
    () => findingsAfter('DELETE FROM knex_migrations WHERE id = (SELECT max(id) FROM knex_migrations)'),
    'schema.older',
    /^The schema lacks a migration of this release: \d{4}-[\w-]+\.$/,
    /npx listo migrate/,
  ],
  [
    'a schema that a newer release has migrated',
    () =>
      findingsAfter(
        "INSERT INTO knex_migrations (name, batch, migration_time) VALUES ('9999_future', 99, now())",
      ),
    'schema.newer',
    /this one does not know 9999_future\.$/,
    /^Finish the roll-out/,
  ],
  [
    'a full disk, as Postgres reports it',
    () =>
      findingsAfter(`
        CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE 'could not extend file "base/16384/24601": No space left on device' USING ERRCODE = '53100'; END $$;
        CREATE TRIGGER no_room BEFORE INSERT ON used_proofs FOR EACH ROW EXECUTE FUNCTION no_room()`),
    'database.disk_full',
    /^The disk of the database is full \(could not extend file/,
    /^Give the disk more room/,
  ],
  [
    'a database that is read-only',
    () => findingsAfter('SET LOCAL transaction_read_only = on'),
    'database.read_only',
    /^The database is read-only/,
    /default_transaction_read_only = off/,
  ],
  [
    'commits that are not waited for',
    () => findingsAfter('SET LOCAL synchronous_commit = off', {}, { kind: 'postgres' }),
    'database.synchronous_commit',
    /^synchronous_commit is off: an answered request may be lost/,
    /^Set synchronous_commit = on/,
  ],
  [
    'more connections than Postgres has',
    () =>
      findingsAfter(
        'SELECT 1',
        { DATABASE_URL: 'postgres://db.example/listo', DATABASE_POOL_SIZE: '900', WORKERS: '4' },
        { kind: 'postgres' },
      ),
    'database.connections',
    /^One server opens up to 3612 connections \(WORKERS, DATABASE_POOL_SIZE\), and Postgres gives this role \d+\.$/,
    /DATABASE_POOL_SIZE\.$/,
  ],
  [
    'rows that nobody deletes',
    () =>
      findingsAfter(
        "INSERT INTO used_proofs (id_hash, expires_at) VALUES ('\\x01', now() - interval '61 minutes')",
      ),
    'housekeeping.late',
    /^Expired rows are not deleted: used_proofs \(60 min\)\.$/,
    /^Start a server/,
  ],
  [
    'an audit trail without its next month',
    () =>
      findingsAfter(async (trx) => {
        const { rows } = await trx.raw(
          "SELECT i.inhrelid::regclass::text AS name FROM pg_inherits i WHERE i.inhparent = 'audit_events'::regclass AND i.inhrelid::regclass::text > 'audit_events_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM') AND i.inhrelid::regclass::text <> 'audit_events_other'",
        );
        for (const { name } of rows) await trx.raw('DROP TABLE ??', [name]);
      }),
    'audit.month_missing',
    /^The audit trail has no partition for \d{4}-\d{2} \(the last is for \d{4}-\d{2}\)\./,
    /SELECT make_audit_months\(\);$/,
  ],
  [
    'another KEY_ENCRYPTION_KEY than the one that sealed the keys',
    () => findingsOn(database, { KEY_ENCRYPTION_KEY: Buffer.alloc(32, 8).toString('base64') }),
    'keys.cannot_open',
    /^KEY_ENCRYPTION_KEY cannot open signing key \S+: it was sealed with the key [0-9a-f]{8}/,
    /^Put the key that sealed it back into KEY_ENCRYPTION_KEY, behind the new one/,
  ],
  [
    'a KEY_ENCRYPTION_KEY that was replaced, and keys that were not sealed anew',
    () =>
      findingsOn(database, {
        KEY_ENCRYPTION_KEY: `${Buffer.alloc(32, 8).toString('base64')},${TEST_ENVIRONMENT.KEY_ENCRYPTION_KEY}`,
      }),
    'keys.sealed_by_older',
    /^2 signing keys are still sealed with an older KEY_ENCRYPTION_KEY\.$/,
    /npx listo keys reseal$/,
  ],
  [
    'a secret of a customer’s provider that was sealed elsewhere',
    () =>
      findingsAfter(`
        INSERT INTO instances (id, name, authentication) VALUES ('globex', 'Globex', 'oidc');
        INSERT INTO upstream_providers (instance_id, issuer, client_id, client_secret_sealed)
        VALUES ('globex', 'https://idp.globex.example', 'listo', 'sealed:v1:00000000:AAAAAAAAAAAAAAAA:AAAA:AAAAAAAAAAAAAAAAAAAAAA')`),
    'upstream.cannot_open',
    /^KEY_ENCRYPTION_KEY cannot open upstream:globex: it was sealed with the key 00000000/,
    /make another one\.$/,
  ],
  [
    'a rotation that nobody does',
    () =>
      findingsAfter(
        "UPDATE signing_keys SET activated_at = now() - interval '100 days' WHERE key_set = 'oidc'",
      ),
    'keys.rotation_late',
    /^A step in the rotation of the RS256 key of oidc has been due for more than ten minutes\.$/,
    /^Start a server/,
  ],
  [
    'a client secret that has expired',
    () =>
      findingsAfter(
        "UPDATE client_secrets SET expires_at = now() - interval '1 hour' WHERE client_id = 'client_demo_web'",
      ),
    'secret.expired',
    /^The last secret of the client client_demo_web expired at \S+Z: it gets invalid_client\.$/,
    /npx listo client secret add client_demo_web --kind listo/,
  ],
  [
    'a client secret that expires next week',
    () =>
      findingsAfter(
        "UPDATE client_secrets SET expires_at = now() + interval '7 days' WHERE client_id = 'client_demo_web'",
      ),
    'secret.expires_soon',
    /^The last secret of the client client_demo_web expires at \S+Z\.$/,
    /npx listo client secret add client_demo_web --kind listo/,
  ],
  [
    'a delivery that was given up',
    () =>
      findingsAfter(
        "INSERT INTO deliveries (kind, payload, state, due_at, settled_at, last_error) VALUES ('mail', '{}', 'given_up', NULL, now(), 'The mail server did not answer.')",
      ),
    'deliveries.given_up',
    /^1 deliveries were given up within a day\. The last failed because: The mail server did not answer\.$/,
    /npx listo deliveries retry NUMBER$/,
  ],
  [
    'a mail server that is away',
    () => findingsOn(database, { SMTP_URL: 'smtp://localhost:1', MAIL_FROM: 'login@example.com' }),
    'mail.server',
    /^The mail server at localhost:1 cannot be reached\.$/,
    /^Correct the host, port, user or password of SMTP_URL/,
  ],
  [
    'a customer’s provider that does not answer',
    () =>
      findingsAfter(`
        INSERT INTO instances (id, name, authentication) VALUES ('globex', 'Globex', 'oidc');
        INSERT INTO upstream_providers (instance_id, issuer, client_id) VALUES ('globex', 'http://localhost:1', 'listo')`),
    'upstream.unreachable',
    /^The provider of the instance globex: The provider did not answer.*: error ECONNREFUSED came\.$/,
    /npx listo instance test globex tries it\.$/,
  ],
  [
    'a range API that does not answer',
    () => findingsOn(database, { PASSWORD_RANGE_URL: 'http://localhost:1/range' }),
    'outbound.password_range',
    /^PASSWORD_RANGE_URL does not answer as it should: ECONNREFUSED\./,
    /^Let this machine reach it/,
  ],
];

describe('doctor', () => {
  it('finds nothing inside where nothing was broken', async () => {
    // The Postgres of the tests is made to be fast, and forgets.
    const careless = ['database.fsync', 'database.synchronous_commit'];
    expect((await findingsOn(database)).filter(({ name }) => !careless.includes(name))).toEqual([]);
  });

  it.each(MISTAKES)('names %s, and the remedy', async (_what, find, name, sentence, remedy) => {
    const found = await find();
    expect(found.map((one) => one.name)).toContain(name);
    const [finding] = named(found, name);
    expect(finding?.sentence).toMatch(sentence);
    expect(finding?.remedy).toMatch(remedy);
  });

  it('names a password that the mail server does not take', async () => {
    const mail = await startMailServer({
      onAuth: (_auth, _session, answer) => answer(new Error('Invalid login')),
      secure: false,
      allowInsecureAuth: true,
    });
    try {
      const found = await findingsOn(database, {
        SMTP_URL: `smtp://listo:wrong@localhost:${mail.port}`,
        MAIL_FROM: 'login@example.com',
      });
      expect(named(found, 'mail.server')[0]?.sentence).toBe(
        'The mail server did not accept the user and password of SMTP_URL (it answered 535).',
      );
    } finally {
      await mail.close();
    }
  });
});
