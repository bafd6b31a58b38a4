import { createDeviceCodeStore } from '../../src/grants/device-code-store.ts';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';
import { until } from '../support/time/until.ts';

describe('a device that asks at the moment of the decision', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterAll(() => database.close());

  it('waits for it, was in time, and learns it with its next poll', async () => {
    const { knex } = database;
    const keys = [Buffer.alloc(32, 7)];
    const store = createDeviceCodeStore(knex, keys);
    const payload = { clientId: 'television', exp: Math.floor(Date.now() / 1000) + 600 };
    const expiresAt = new Date(Date.now() + 600_000);
    await store.create({ deviceCode: 'a device code', userCode: 'ABCDEFGH', payload, expiresAt });
    const { handle = '' } = (await store.findByUserCode('ABCDEFGH')) ?? {};
    const poll = () => store.poll('a device code', { clientId: 'television', everySeconds: 4 });

    const decision = await knex.transaction();
    await createDeviceCodeStore(decision, keys).deny(handle, { ...payload, error: 'access_denied' });
    const waiting = poll();
    await until('the poll waits for the decision', async () => {
      const { rows } = await knex.raw(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      return rows.length > 0;
    });
    await decision.commit();

    expect(await waiting).toMatchObject({ decided: false, inTime: true });
    expect(await poll()).toMatchObject({ decided: true, payload: { error: 'access_denied' } });
  });

  it('is asked to slow down where it asks twice in that time', async () => {
    const keys = [Buffer.alloc(32, 7)];
    const store = createDeviceCodeStore(database.knex, keys);
    const payload = { clientId: 'television', exp: Math.floor(Date.now() / 1000) + 600 };
    const expiresAt = new Date(Date.now() + 600_000);
    await store.create({ deviceCode: 'another device code', userCode: 'BCDEFGHI', payload, expiresAt });
    const polls = await Promise.all(
      Array.from({ length: 10 }, () =>
        store.poll('another device code', { clientId: 'television', everySeconds: 4 }),
      ),
    );
    expect(polls.filter((polled) => polled?.inTime)).toHaveLength(1);
  });
});
