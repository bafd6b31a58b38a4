import { serverSettings } from '../../../src/config.ts';
import { openDatabase } from '../../../src/platform/database.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { runOn, TEST_ENVIRONMENT } from '../../support/registrations/command-line.ts';
import { unique } from '../../support/servers/test-server.ts';

interface Found {
  check: string;
  name: string;
  sentence: string;
  remedy: string;
}

let database: TestDatabase;
const role = unique('listo_doctor').replace('-', '_');
beforeAll(async () => {
  database = await openTestDatabase('demo');
  await database.knex.raw(`CREATE ROLE ?? LOGIN PASSWORD 'right'`, [role]);
});
afterAll(async () => {
  await database.knex.raw('DROP OWNED BY ??', [role]);
  await database.knex.raw('DROP ROLE ??', [role]);
  await database.close();
});

/** The findings at the database under this address, over connections of a command. */
async function findingsAt(change: Partial<URL>): Promise<Found[]> {
  const url = Object.assign(new URL(database.url ?? ''), change).href;
  const { out, err } = await runOn(database, ['doctor', '--json'], {
    server: () => serverSettings({ ...TEST_ENVIRONMENT, ISSUER: 'http://localhost:1', DATABASE_URL: url }),
    openDatabase: () => openDatabase({ url, poolSize: 1, patient: true }),
  });
  expect(err).toBe('');
  const { findings }: { findings: Found[] } = JSON.parse(out.join('\n'));
  return findings.filter(({ check }) => check !== 'issuer');
}

const named = (found: readonly Found[], name: string) => found.find((one) => one.name === name);

describe('doctor on Postgres', () => {
  it('names a password that is wrong', async () => {
    const [finding] = await findingsAt({ username: role, password: 'wrong' });
    expect(finding).toEqual({
      check: 'database',
      name: 'database.unusable',
      sentence: expect.stringMatching(
        /refuses to let this server in.*Correct the user and password of DATABASE_URL\.$/,
      ),
      remedy: expect.stringMatching(/^Do what the sentence says/),
    });
  });

  it('names a database that does not exist', async () => {
    const [finding] = await findingsAt({ pathname: '/nowhere' });
    expect(finding?.sentence).toMatch(/has no such database.*Create it, or correct DATABASE_URL\.$/);
  });

  it('names a port where nobody listens', async () => {
    const [finding] = await findingsAt({ hostname: 'localhost', port: '1' });
    expect(finding).toMatchObject({ name: 'database.away', check: 'database' });
  });

  it('names what a role that may read lacks, and goes on with the other checks', async () => {
    await database.knex.raw('GRANT SELECT ON ALL TABLES IN SCHEMA public TO ??', [role]);
    const found = await findingsAt({ username: role, password: 'right' });
    expect(named(found, 'database.privilege')).toEqual({
      check: 'database',
      name: 'database.privilege',
      sentence: expect.stringMatching(
        new RegExp(`^The role ${role} of DATABASE_URL may not DELETE, INSERT, UPDATE in \\w+, and lacks`),
      ),
      remedy: expect.stringMatching(new RegExp(`or run: GRANT "\\w+" TO "${role}";$`)),
    });
    expect(named(found, 'keys.none')).toBeDefined();
  });

  it('is satisfied by the remedy that it gives', async () => {
    const before = named(await findingsAt({ username: role, password: 'right' }), 'database.privilege');
    const [, grant = ''] = /run: (GRANT .*;)$/.exec(before?.remedy ?? '') ?? [];
    await database.knex.raw(grant);
    const after = await findingsAt({ username: role, password: 'right' });
    expect(named(after, 'database.privilege')).toBeUndefined();
    await database.knex.raw(grant.replace('GRANT', 'REVOKE').replace(' TO ', ' FROM '));
  });

  it('names a role with too few connections', async () => {
    await database.knex.raw('ALTER ROLE ?? CONNECTION LIMIT 3', [role]);
    const found = await findingsAt({ username: role, password: 'right' });
    expect(named(found, 'database.connections')?.sentence).toBe(
      'One server opens up to 13 connections (WORKERS, DATABASE_POOL_SIZE), and Postgres gives this role 3.',
    );
    await database.knex.raw('ALTER ROLE ?? CONNECTION LIMIT -1', [role]);
  });

  it('names a role that forgets commits', async () => {
    await database.knex.raw('ALTER ROLE ?? SET synchronous_commit = off', [role]);
    const found = await findingsAt({ username: role, password: 'right' });
    expect(named(found, 'database.synchronous_commit')?.remedy).toMatch(/^Set synchronous_commit = on/);
  });

  it('names a database that is read-only for the role', async () => {
    await database.knex.raw('ALTER ROLE ?? SET default_transaction_read_only = on', [role]);
    const [finding] = await findingsAt({ username: role, password: 'right' });
    expect(finding?.sentence).toMatch(/read-only|can only be read/);
  });
});
