import { createAuditMonthsStore } from '../../src/audit/months-store.ts';
import { runJob } from '../support/servers/run-job.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ env: { AUDIT_KEEP_MONTHS: '2' } });
});
afterAll(() => server.close());

/** The first moment of a month, counted from this one. */
function monthFromNow(n: number): Date {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + n, 1));
}

const partitionOf = (n: number) =>
  `audit_events_${monthFromNow(n).toISOString().slice(0, 'yyyy-mm'.length).replace('-', '_')}`;

async function partitions(): Promise<string[]> {
  const { rows } = await server.database.knex.raw(
    "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'audit_events'::regclass ORDER BY 1",
  );
  return rows.map(({ name }: { name: string }) => name);
}

const insert = (at: Date, event: string) =>
  server.database.knex('audit_events').insert({ at, event, way: 'test' });
const kept = async () =>
  server.database.knex('audit_events').where({ way: 'test' }).orderBy('at').pluck('event');

describe('the audit trail by month', () => {
  beforeEach(() => server.database.knex('audit_events').where({ way: 'test' }).delete());

  it('has this month and the next two', async () => {
    expect(await partitions()).toEqual([...[0, 1, 2].map(partitionOf), 'audit_events_other'].toSorted());
  });

  it('takes an event of any month, and moves it when its month is made', async () => {
    const { knex } = server.database;
    await insert(monthFromNow(3), 'of a month that nobody made');
    expect(await knex('audit_events_other').where({ way: 'test' }).pluck('event')).toEqual([
      'of a month that nobody made',
    ]);
    await knex.raw('SELECT make_audit_months(3)');
    expect(await knex('audit_events_other').where({ way: 'test' })).toEqual([]);
    expect(await knex(partitionOf(3)).pluck('event')).toEqual(['of a month that nobody made']);
    await knex.raw('DROP TABLE ??', [partitionOf(3)]);
  });

  it('makes a month again that is missing, and drops those that are too old, whole', async () => {
    const { knex } = server.database;
    await knex.raw('DROP TABLE ??', [partitionOf(2)]);
    for (const n of [-4, -3, -2])
      await knex.raw(
        `CREATE TABLE ${partitionOf(n)} PARTITION OF audit_events FOR VALUES FROM ('${monthFromNow(n).toISOString()}') TO ('${monthFromNow(n + 1).toISOString()}')`,
      );
    await insert(monthFromNow(-5), 'too old, without a month');
    for (const n of [-4, -3, -2, -1, 0]) await insert(monthFromNow(n), `${n}`);
    await runJob(server, 'audit-months');
    expect(await kept()).toEqual(['-2', '-1', '0']);
    expect(await partitions()).toEqual([...[-2, 0, 1, 2].map(partitionOf), 'audit_events_other'].toSorted());
    await knex.raw('DROP TABLE ??', [partitionOf(-2)]);
  });

  it('is made by one replica: nothing happens while another is at it', async () => {
    if (!server.database.url) return;
    const { knex } = server.database;
    await knex.raw('DROP TABLE ??', [partitionOf(2)]);
    await knex.transaction(async (other) => {
      await other.raw("SELECT FROM job_locks WHERE name = 'housekeeping' FOR UPDATE");
      await createAuditMonthsStore(knex).keep(2);
      expect(await partitions()).not.toContain(partitionOf(2));
    });
    // Somebody who reads for long, such as a backup, keeps no sign-in waiting.
    await knex.transaction(async (reader) => {
      await reader.raw('LOCK TABLE audit_events_other IN ACCESS SHARE MODE');
      await createAuditMonthsStore(knex).keep(2);
      expect(await partitions()).not.toContain(partitionOf(2));
    });
    await createAuditMonthsStore(knex).keep(2);
    expect(await partitions()).toContain(partitionOf(2));
  });
});
