import { createTableStatisticsStore } from '../../src/housekeeping/table-statistics-store.ts';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';
import { runOn } from '../support/registrations/command-line.ts';

let database: TestDatabase;
/** Three live device codes and one that expired 90 s ago, two codes that expired an hour ago, and a person in an instance. */
beforeAll(async () => {
  database = await openTestDatabase();
  await addArtifacts('DeviceCode', 3, '1 hour');
  await addArtifacts('DeviceCode', 1, '-90 seconds');
  await addArtifacts('AuthorizationCode', 2, '-1 hour');
  await database.knex('instances').insert({ id: 'home', name: 'Home' });
  await database.knex('people').insert({ id: 'ada', instance_id: 'home' });
});
afterAll(() => database.close());

async function addArtifacts(model: string, count: number, expiresIn: string): Promise<void> {
  await database.knex.raw(
    `INSERT INTO artifacts (model, id_hash, payload, expires_at)
     SELECT ?, uuid_send(gen_random_uuid()), '{}', now() + ?::interval FROM generate_series(1, ?)`,
    [model, expiresIn, count],
  );
}

const exact = (value: number) => ({ value, precision: 'exact' });
const atLeast = (value: number) => ({ value, precision: 'at least' });
const estimate = (value: number) => ({ value, precision: 'estimate' });
const seconds = expect.any(Number);

describe('database stats', () => {
  it('is a table of the rows, the expired ones, the lag and the size of each table', async () => {
    const { code, out, err } = await runOn(database, ['database', 'stats']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    // Postgres decides the sizes, and the seconds pass while this runs.
    expect(
      out.map((line) =>
        line
          .replace(/ +(size|\S+ KiB)$/, '')
          .replace(/36\d\d/, '3600')
          .replace(/ {2}9\d/, '  90'),
      ),
    ).toEqual([
      'table                  rows  expired  lag (s)',
      'artifacts                 6        3     3600',
      '  AuthorizationCode       2        2     3600',
      '  DeviceCode              4        1       90',
      'sessions                  0        0        0',
      'refresh_families          0        0        0',
      'grants                    0        0        0',
      'revoked_access_tokens     0        0        0',
      'used_proofs               0        0        0',
      'upstream_sign_ins         0        0        0',
      'pending_sign_ins          0        0        0',
      'denied_subjects           0        0        0',
      'guesses                   0        0        0',
      'past_public_keys          0        0        0',
      'deliveries                0        0        0',
      'one_time_links            0        0        0',
      'link_requests             0        0        0',
      'refusals                  0        0        0',
      'audit_events              2        -        -',
      'consents                  0        -        -',
      'people                    1        -        -',
      'clients                   0        -        -',
      'listnr_clients            0        -        -',
      'signing_keys              0        -        -',
    ]);
  });

  it('is JSON for machines', async () => {
    const { out } = await runOn(database, ['database', 'stats', '--json']);
    const stats = JSON.parse(out.join('\n'));
    expect(Object.keys(stats)).toEqual([
      'artifacts',
      'sessions',
      'refresh_families',
      'grants',
      'revoked_access_tokens',
      'used_proofs',
      'upstream_sign_ins',
      'pending_sign_ins',
      'denied_subjects',
      'guesses',
      'past_public_keys',
      'deliveries',
      'one_time_links',
      'link_requests',
      'refusals',
      'audit_events',
      'consents',
      'people',
      'clients',
      'listnr_clients',
      'signing_keys',
    ]);
    expect(stats.artifacts).toEqual({
      rows: exact(6),
      expired: exact(3),
      lagSeconds: seconds,
      bytes: await sizeOf('artifacts'),
      groups: {
        AuthorizationCode: { rows: exact(2), expired: exact(2), lagSeconds: seconds },
        DeviceCode: { rows: exact(4), expired: exact(1), lagSeconds: seconds },
      },
    });
    // The rows and the size of a table by months are those of its months.
    expect(stats.audit_events).toEqual({ rows: exact(2), bytes: expect.any(Number), groups: {} });
    expect(stats.audit_events.bytes).toBeGreaterThan(0);
    expect(stats.people).toEqual({ rows: exact(1), bytes: await sizeOf('people'), groups: {} });
  });

  it('counts the expired rows of every table that has an index to delete them by', async () => {
    const stats: object = JSON.parse((await runOn(database, ['database', 'stats', '--json'])).out.join('\n'));
    const counted = Object.entries(stats).flatMap(([table, { expired }]) => (expired ? [table] : []));
    const indexed = await database
      .knex('pg_indexes')
      .where('schemaname', database.knex.raw('current_schema()'))
      .whereRaw("indexdef ~ '\\((expire\\w+|kept_until)\\)'")
      .pluck('tablename');
    expect(counted.toSorted()).toEqual(indexed.toSorted());
  });
});

describe('the statistics of a large table', () => {
  const grouped = { expiry: 'expires_at', groupBy: 'model' };

  it('are exact up to the limit', async () => {
    const { rows, expired } = await createTableStatisticsStore(database.knex, { countAtMost: 6 }).of(
      'artifacts',
      grouped,
    );
    expect({ rows, expired }).toEqual({ rows: exact(6), expired: exact(3) });
  });

  it('end at the limit where Postgres has no estimate, the oldest expired rows first', async () => {
    const store = createTableStatisticsStore(database.knex, { countAtMost: 2 });
    expect(await store.of('artifacts', grouped)).toMatchObject({
      rows: { value: 2, precision: 'more than' },
      expired: { value: 2, precision: 'more than' },
      groups: { AuthorizationCode: { expired: atLeast(2) }, DeviceCode: { expired: atLeast(1) } },
    });
    expect(
      (await createTableStatisticsStore(database.knex, { countAtMost: 1 }).of('artifacts', grouped)).groups,
    ).toMatchObject({
      AuthorizationCode: { expired: atLeast(2) },
    });
  });

  it('are the estimate of the last ANALYZE where that is above the limit', async () => {
    await addArtifacts('Interaction', 1, '-2 hours');
    await database.knex.raw('ANALYZE artifacts');
    await addArtifacts('DeviceCode', 1, '1 hour');
    const store = createTableStatisticsStore(database.knex, { countAtMost: 6 });
    expect(await store.of('artifacts', grouped)).toEqual({
      rows: estimate(7),
      expired: exact(4),
      lagSeconds: seconds,
      bytes: await sizeOf('artifacts'),
      groups: {
        AuthorizationCode: { rows: estimate(2), expired: exact(2), lagSeconds: seconds },
        // Too rare for the estimate.
        Interaction: { rows: atLeast(1), expired: exact(1), lagSeconds: seconds },
        DeviceCode: { rows: estimate(4), expired: exact(1), lagSeconds: seconds },
      },
    });
  });
});

async function sizeOf(table: string): Promise<number> {
  const { rows } = await database.knex.raw('SELECT pg_total_relation_size(?::regclass)::float8 AS bytes', [
    table,
  ]);
  return rows[0].bytes;
}
