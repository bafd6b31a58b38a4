import pg from 'pg';
import { createTrailStore, type TrailFilter } from '../../src/audit/trail-store.ts';
import { eventsOf } from '../support/databases/audit-trail.ts';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';
import { blocksAt } from '../support/documents/blocks.ts';
import { openExplainer, statementsOf } from './plans/statements.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
  await database.knex('instances').insert({ id: 'demo', name: 'Demo' });
  await database.knex('people').insert({ id: 'ada', instance_id: 'demo', name: 'Ada' });
});
afterAll(() => database.close());

it('has no event of a change whose connection is killed before it is committed', async () => {
  const { knex, url } = database;
  const told = await eventsOf(knex, async () => {
    const client = new pg.Client({ connectionString: url });
    const broken = new Promise((resolve) => client.on('error', resolve));
    await client.connect();
    const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
    await client.query('BEGIN');
    await client.query("UPDATE people SET disabled_at = now() WHERE id = 'ada'");
    const seen = await client.query("SELECT event FROM audit_events WHERE person_id = 'ada' ORDER BY id");
    expect(seen.rows.at(-1)).toEqual({ event: 'person.disabled' });
    await knex.raw('SELECT pg_terminate_backend(?)', [rows[0].pid]);
    await broken;
  });
  expect(told).toEqual([]);
  expect(await knex('people').where({ id: 'ada' }).pluck('disabled_at')).toEqual([null]);
});

it('has the words of an admin, and opens to a role that may only read it, as docs/operating.md says', async () => {
  const { knex, url = '' } = database;
  const [words, role] = blocksAt('docs/operating.md#the-audit-trail', 'sql').map(({ text }) => text);
  await knex('sessions').insert({
    ...{ uid: 'session', id_hash: Buffer.alloc(32), person_id: 'ada', payload: '{}' },
    expires_at: new Date(Date.now() + 60_000),
  });
  const told = await eventsOf(knex, () => knex.raw(words ?? ''));
  expect(told.map(({ event, way }) => ({ event, way }))).toEqual([
    { event: 'session.ended', way: 'ticket 4711, approved by Grace' },
  ]);

  // Roles belong to all databases of the cluster.
  const auditor = `auditor_${process.pid}`;
  await knex.raw((role ?? '').replaceAll('auditor', auditor));
  const password = encodeURIComponent('from a password manager');
  const address = Object.assign(new URL(url), { username: auditor, password });
  const reader = new pg.Client({ connectionString: address.href });
  try {
    await reader.connect();
    const { rows } = await reader.query("SELECT event FROM audit_events WHERE way LIKE 'ticket%'");
    expect(rows).toEqual([{ event: 'session.ended' }]);
    for (const sql of [
      'DELETE FROM audit_events',
      'SELECT FROM people',
      "SELECT record_audit('x', 'x', NULL, NULL)",
    ])
      await expect(reader.query(sql)).rejects.toThrow('permission denied');
  } finally {
    await reader.end();
    await knex.raw(`DROP OWNED BY ${auditor}; DROP ROLE ${auditor}`);
  }
});

describe('with 100,000 events in each of three months', () => {
  beforeAll(async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(`
      INSERT INTO audit_events (at, event, person_id, client_id, instance_id, way, address, request_id)
      SELECT date_trunc('month', now()) + month * interval '1 month' + n * interval '1 second',
             CASE WHEN n % 10000 = 0 THEN 'sign_in.locked' ELSE 'sign_in.succeeded' END,
             'person-' || n % 20000, 'client-' || n % 500, 'instance-' || n % 100, 'request', '192.0.2.1', 'request-' || n
      FROM generate_series(1, 100000) AS n, generate_series(0, 2) AS month`);
    await client.query('ANALYZE audit_events');
    await client.end();
  }, 120_000);

  it.each<[string, Partial<TrailFilter>, RegExp]>([
    ['a person', { personId: 'person-7' }, /_person_id_at_id_idx$/],
    ['a client', { clientId: 'client-7' }, /_client_id_at_id_idx$/],
    ['an instance', { instanceId: 'instance-7' }, /_instance_id_at_id_idx$/],
    ['a request', { requestId: 'request-7' }, /_request_id_idx$/],
    ['a rare event', { event: 'sign_in.locked' }, /_event_at_id_idx$/],
    ['a thing', { event: 'session.' }, /_event_at_id_idx$/],
    ['nothing but the newest', {}, /_pkey$/],
  ])('finds those of %s by an index of each month', async (_what, filter, index) => {
    const { knex, url = '' } = database;
    const explainer = await openExplainer(url);
    try {
      const sent = await statementsOf(knex, () => createTrailStore(knex).list({ limit: 100, ...filter }));
      const scans = await explainer.scans(sent);
      expect(scans.filter((scan) => /_\d{4}_\d{2}/.test(scan) && !index.test(scan))).toEqual([]);
      expect(scans.filter((scan) => index.test(scan)).length).toBeGreaterThanOrEqual(3);
    } finally {
      await explainer.close();
    }
  });

  it('reads no month that is outside of the time', async () => {
    const { knex, url = '' } = database;
    const explainer = await openExplainer(url);
    const { rows } = await knex.raw("SELECT date_trunc('month', now()) + interval '40 days' AS since");
    try {
      const filter = { personId: 'person-7', since: rows[0].since, until: rows[0].since, limit: 100 };
      const sent = await statementsOf(knex, () => createTrailStore(knex).list(filter));
      const months = new Set(
        (await explainer.scans(sent)).flatMap((scan) => scan.match(/\d{4}_\d{2}/) ?? []),
      );
      expect(months.size).toBeLessThanOrEqual(1);
    } finally {
      await explainer.close();
    }
  });
});
