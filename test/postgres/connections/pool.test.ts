import { parsePostgresAddress } from '../../../src/platform/postgres/address.ts';
import type { Connection } from '../../../src/platform/postgres/connection.ts';
import { connectionOpener } from '../../../src/platform/postgres/open-connection.ts';
import { ConnectionPool, type PoolOptions } from '../../../src/platform/postgres/pool.ts';
import { currentShare, withinShare } from '../../../src/platform/postgres/share.ts';
import { ConnectionLost, NoConnectionFree } from '../../../src/platform/postgres/sqlstates.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { until } from '../../support/time/until.ts';

let test: TestDatabase;
let pool: ConnectionPool;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterEach(() => pool?.destroy());
afterAll(() => test.close());

function open(options: Partial<PoolOptions> = {}, url = test.url ?? ''): ConnectionPool {
  pool = new ConnectionPool({
    open: connectionOpener({
      address: parsePostgresAddress(url),
      statementTimeoutMs: 0,
      idleTimeoutMs: 0,
      say: () => undefined,
    }),
    size: 4,
    keep: 0,
    limits: { waitMs: 0, requestMs: 0, leaseMs: 0 },
    ...options,
  });
  return pool;
}

const take = (endpoint?: string): Promise<Connection> =>
  endpoint ? withinShare(endpoint, () => pool.acquire().promise) : pool.acquire().promise;
const counts = () => ({
  used: pool.numUsed(),
  free: pool.numFree(),
  waiting: pool.numPendingAcquires(),
});

describe('a pool', () => {
  it('opens what is asked for, up to its size, and gives out in the order of asking', async () => {
    open({ size: 2 });
    const [one, two] = await Promise.all([take(), take()]);
    const order: string[] = [];
    const third = take().then((connection) => {
      order.push('third');
      return connection;
    });
    const fourth = take().then((connection) => {
      order.push('fourth');
      return connection;
    });
    expect(counts()).toEqual({ used: 2, free: 0, waiting: 2 });
    pool.release(two);
    expect(await third).toBe(two);
    pool.release(one);
    expect(await fourth).toBe(one);
    expect(order).toEqual(['third', 'fourth']);
    for (const connection of [one, two]) pool.release(connection);
    expect(counts()).toEqual({ used: 0, free: 2, waiting: 0 });
  });

  it('lends the requests of one endpoint half of its connections, and the others what is left', async () => {
    open();
    const held = await Promise.all([take('/auth/token'), take('/auth/token')]);
    const third = take('/auth/token');
    const others = await Promise.all([take('/auth/userinfo'), take()]);
    expect(counts()).toEqual({ used: 4, free: 0, waiting: 1 });
    for (const connection of others) pool.release(connection);
    // There is room now, but not for this endpoint.
    expect(counts()).toEqual({ used: 2, free: 2, waiting: 1 });
    pool.release(held[0] as Connection);
    pool.release(await third);
    pool.release(held[1] as Connection);
    expect(counts()).toEqual({ used: 0, free: 4, waiting: 0 });
  });

  it('says so when none is free in time, to requests and to whatever is no request', async () => {
    open({ size: 1, limits: { waitMs: 700, requestMs: 60_000, leaseMs: 800 } });
    const held = await take('/auth/token');
    await expect(take('/auth/userinfo')).rejects.toEqual(
      new NoConnectionFree('No connection to the database was free within 700 ms.'),
    );
    await expect(take()).rejects.toEqual(
      new NoConnectionFree('No connection to the database was free within 800 ms.'),
    );
    pool.release(held);
    expect(counts()).toEqual({ used: 0, free: 1, waiting: 0 });
  });

  it('gives up a connection that a request has for too long, also where requests have no time of their own', async () => {
    // The connection is open before the limit counts: opening one may take longer on a busy machine.
    open({ size: 1 });
    const opened = await take();
    open({ size: 1, open: async () => opened, limits: { waitMs: 0, requestMs: 0, leaseMs: 50 } });
    const connection = await take('/auth/token');
    const asked = connection.query('SELECT pg_sleep(60)').finally(() => pool.release(connection));
    await expect(asked).rejects.toBeInstanceOf(ConnectionLost);
    expect(counts()).toEqual({ used: 0, free: 0, waiting: 0 });
  });

  it('counts once what a request waits for at the same time', async () => {
    open({ limits: { waitMs: 0, requestMs: 60_000, leaseMs: 0 } });
    await withinShare('/auth/token', async () => {
      const began = performance.now();
      const held = await Promise.all([pool.acquire().promise, pool.acquire().promise]);
      const waited = currentShare()?.waited;
      const asked = held.map((connection) => connection.query('SELECT pg_sleep(0.2)'));
      await Promise.all(asked);
      expect(waited?.ms).toBeGreaterThanOrEqual(200);
      for (const connection of held) pool.release(connection);
      expect(waited?.ms).toBeLessThanOrEqual(performance.now() - began);
    });
  });

  it('keeps some open while nobody asks, and closes the others', async () => {
    open({ keep: 1, idleMs: 20 });
    for (const connection of await Promise.all([take(), take(), take()])) pool.release(connection);
    await until('one is left', () => pool.numFree() === 1);
    const kept = await take();
    expect((await kept.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    pool.release(kept);
  });

  it('closes what it has not heard of since, when a connection gives no answer', async () => {
    open({ limits: { waitMs: 0, requestMs: 0, leaseMs: 1200 } });
    const [silent, heard, unheard] = await Promise.all([take(), take(), take()]);
    for (const connection of [unheard, heard, silent]) pool.release(connection);
    expect(await take()).toBe(silent);
    const answer = silent.query('SELECT pg_sleep(60)');
    // The connection that was used last comes next. It answers while the other one is silent.
    const next = await take();
    expect(next).toBe(heard);
    pool.release(next);
    await expect(answer).rejects.toEqual(new ConnectionLost('no answer in 1200 ms'));
    pool.release(silent);
    expect(counts()).toEqual({ used: 0, free: 1, waiting: 0 });
    expect(await take()).toBe(next);
    pool.release(next);
  });

  it('takes back no connection that is still in a transaction', async () => {
    open();
    const connection = await take();
    await connection.query('BEGIN');
    pool.release(connection);
    expect(counts()).toEqual({ used: 0, free: 0, waiting: 0 });
    expect(pool.release(connection)).toBe(false);
  });

  it('waits for what is in use when it is closed, and refuses whoever waits or comes', async () => {
    open({ size: 1 });
    const held = await take();
    const waiting = take();
    const closing = pool.destroy();
    await expect(waiting).rejects.toBeInstanceOf(ConnectionLost);
    await expect(take()).rejects.toBeInstanceOf(ConnectionLost);
    expect((await held.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    pool.release(held);
    await closing;
    expect(counts()).toEqual({ used: 0, free: 0, waiting: 0 });
  });

  it('does not wait for ever when it is closed', async () => {
    open({ closeWithinMs: 20 });
    const connection = await take();
    const asked = connection.query('SELECT pg_sleep(60)').finally(() => pool.release(connection));
    await Promise.all([expect(asked).rejects.toBeInstanceOf(ConnectionLost), pool.destroy()]);
  });
});

describe('a connection that cannot be opened', () => {
  const role = 'limited';
  let limited: string;

  beforeAll(async () => {
    await test.knex.raw(`CREATE ROLE ${role} LOGIN PASSWORD 'limited' CONNECTION LIMIT 1`);
    const url = new URL(test.url ?? '');
    url.username = url.password = role;
    limited = url.href;
  });
  afterAll(async () => {
    await pool.destroy();
    await test.knex.raw(`DROP ROLE ${role}`);
  });

  it('is nobody’s failure while another serves', async () => {
    open({}, limited);
    // Postgres may refuse all of several attempts at the same moment, so the one that serves comes first.
    const first = await take('/endpoint/first');
    const pidOf = async (connection: Connection) => {
      const { rows } = await connection.query('SELECT pg_backend_pid() AS pid FROM pg_sleep(0.02)');
      pool.release(connection);
      return rows[0].pid;
    };
    const others = Array.from({ length: 5 }, async (_, n) => pidOf(await take(`/endpoint/${n}`)));
    const pids = await Promise.all([pidOf(first), ...others]);
    expect(new Set(pids).size).toBe(1);
  });

  it('is nobody’s failure either when it takes its time, and keeps nobody from one that becomes free', async () => {
    const { promise: slow, reject: fail } = Promise.withResolvers<Connection>();
    const opened = connectionOpener({
      address: parsePostgresAddress(test.url ?? ''),
      statementTimeoutMs: 0,
      idleTimeoutMs: 0,
      say: () => undefined,
    });
    let asked = 0;
    open({ size: 2, open: () => (asked++ === 0 ? opened() : slow) });
    const held = await take();
    const [second, third] = [take(), take()];
    pool.release(held);
    expect(await second).toBe(held);
    fail(new ConnectionLost('no answer in 3000 ms'));
    await slow.catch(() => undefined);
    pool.release(held);
    expect(await third).toBe(held);
    pool.release(held);
    expect(counts()).toEqual({ used: 0, free: 1, waiting: 0 });
  });

  it('is everybody’s at once when there is no other', async () => {
    await test.knex.raw(`ALTER ROLE ${role} CONNECTION LIMIT 0`);
    open({}, limited);
    const refusals = await Promise.allSettled([take(), take('/auth/token'), take('/auth/token'), take('/x')]);
    expect(refusals.map((refusal) => (refusal as PromiseRejectedResult).reason.code)).toEqual(
      Array(4).fill('53300'),
    );
    expect(counts()).toEqual({ used: 0, free: 0, waiting: 0 });
    await test.knex.raw(`ALTER ROLE ${role} CONNECTION LIMIT 1`);
    pool.release(await take());
  });
});
