import type { Knex } from 'knex';
import { type Database, openDatabase } from '../../../src/platform/database.ts';
import { withinShare } from '../../../src/platform/postgres/share.ts';
import { ConnectionLost, NoConnectionFree } from '../../../src/platform/postgres/sqlstates.ts';
import { prepare } from '../../../src/platform/postgres/statements/prepared-statement.ts';
import { layWire, type Wire } from '../../machines/wire.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { until } from '../../support/time/until.ts';

const sleep = prepare<{ done: string }, { seconds: number }>(
  'test_sleep',
  "SELECT 'done' AS done FROM pg_sleep(:seconds::float)",
);
const PID = 'SELECT pg_backend_pid() AS pid';

let test: TestDatabase;
let database: Database;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterEach(() => database?.close());
afterAll(() => test.close());

async function open(options: Partial<Parameters<typeof openDatabase>[0]> = {}): Promise<void> {
  database = await openDatabase({ url: test.url ?? '', poolSize: 4, ...options });
}

async function pidOf(knex: Knex): Promise<number> {
  const { rows } = await knex.raw(PID);
  return rows[0].pid;
}

/** SQL that raises `code` the first `times` times, also if transactions are undone. */
async function raising(code: string, times: number): Promise<string> {
  const sequence = `asked_${code.toLowerCase()}_${times}`;
  await test.knex.raw(`DROP SEQUENCE IF EXISTS ${sequence}; CREATE SEQUENCE ${sequence}`);
  await test.knex.raw(`
    CREATE OR REPLACE FUNCTION ask_${sequence}() RETURNS bigint LANGUAGE plpgsql AS $$
    DECLARE n bigint := nextval('${sequence}');
    BEGIN
      IF n <= ${times} THEN RAISE EXCEPTION 'no' USING ERRCODE = '${code}'; END IF;
      RETURN n;
    END $$`);
  return `SELECT ask_${sequence}()::integer AS n`;
}

describe('a statement that takes too long', () => {
  it('is ended by Postgres before it is given up, and its connection is used again', async () => {
    await open({ limits: { statementMs: 100 } });
    const pid = await pidOf(database.knex);
    for (const slow of [
      () => database.knex.raw('SELECT pg_sleep(20)'),
      () => sleep(database.knex, { seconds: 20 }),
      () => database.knex.transaction((trx) => trx.raw('SELECT pg_sleep(20)')),
    ])
      await expect(slow()).rejects.toMatchObject({ code: '57014' });
    expect(await pidOf(database.knex)).toBe(pid);
  });
});

describe('a node that goes silent', () => {
  let wire: Wire;
  beforeEach(async () => {
    const url = new URL(test.url ?? '');
    wire = await layWire(Number(url.port));
    url.port = String(wire.port);
    await open({ url: url.href, limits: { requestMs: 700, leaseMs: 700, waitMs: 600 } });
  });
  afterEach(() => {
    wire.watch(undefined);
    wire.close();
  });

  it.each<[string, (knex: Knex) => Promise<unknown>]>([
    ['knex', async (knex) => knex.raw('SELECT 1')],
    ['a prepared statement', (knex) => sleep(knex, { seconds: 0 })],
    ['a transaction', (knex) => knex.transaction((trx) => trx.raw('SELECT 1'))],
    [
      'a prepared statement in a transaction',
      (knex) => knex.transaction((trx) => sleep(trx, { seconds: 0 })),
    ],
    [
      'a transaction that had begun',
      (knex) =>
        knex.transaction(async (trx) => {
          wire.watch(undefined);
          await trx.raw('SELECT 1');
          wire.watch(() => false);
          await trx.raw('SELECT 1');
        }),
    ],
  ])('is left: by %s, whose connection is closed and never given back', async (_way, ask) => {
    const pid = await pidOf(database.knex);
    for (const asked of [
      () => ask(database.knex),
      () => withinShare('/auth/token', () => ask(database.knex)),
    ]) {
      if (_way !== 'a transaction that had begun') wire.watch(() => false);
      await expect(asked()).rejects.toBeInstanceOf(ConnectionLost);
      wire.watch(undefined);
      expect(await pidOf(database.knex)).not.toBe(pid);
    }
  });

  it('is not waited for by more than the time of one request, whatever that asks', async () => {
    await withinShare('/auth/token', async () => {
      await sleep(database.knex, { seconds: 0.05 });
      wire.watch(() => false);
      await expect(sleep(database.knex, { seconds: 0 })).rejects.toBeInstanceOf(ConnectionLost);
      await expect(sleep(database.knex, { seconds: 0 })).rejects.toEqual(
        new NoConnectionFree('The request has waited 700 ms for the database.'),
      );
    });
  });

  it('keeps no lock of a transaction that was begun: its next attempt gets through', async () => {
    await test.knex.raw('CREATE TABLE IF NOT EXISTS contended AS SELECT 1 AS n');
    const update = (knex: Knex) =>
      withinShare('/auth/token', () =>
        knex.transaction(async (trx) => {
          await trx.raw('UPDATE contended SET n = n + 1');
          wire.forget();
          await trx.raw('SELECT 1');
        }),
      );
    await expect(update(database.knex)).rejects.toBeInstanceOf(ConnectionLost);
    await until('Postgres ends the transaction', async () => {
      const { rows } = await test.knex.raw(
        "SELECT count(*)::integer AS n FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()",
      );
      return rows[0].n === 0;
    });
    await test.knex.raw('UPDATE contended SET n = n + 1');
    expect((await test.knex.raw('SELECT n FROM contended')).rows).toEqual([{ n: 2 }]);
  });

  it('is seen by the look whether it is ready, which uses another connection', async () => {
    await database.ready();
    wire.watch(() => false);
    await expect(database.ready()).rejects.toEqual(new ConnectionLost('no answer in 1000 ms'));
    wire.watch(undefined);
    await database.ready();
  });
});

describe('two transactions that met', () => {
  beforeEach(() => open());

  it.each(['40001', '40P01'])('let a statement on its own be sent once more (%s)', async (code) => {
    const ask = await raising(code, 1);
    expect((await database.knex.raw(ask)).rows).toEqual([{ n: 2 }]);
    const asked = prepare<{ n: number }>(`test_${code}`, await raising(code, 1));
    expect((await asked(database.knex, {})).rows).toEqual([{ n: 2 }]);
  });

  it('let it be sent no third time', async () => {
    const ask = await raising('40001', 2);
    await expect(database.knex.raw(ask)).rejects.toMatchObject({ code: '40001' });
    expect((await database.knex.raw(ask)).rows).toEqual([{ n: 3 }]);
  });

  it('let nothing be repeated inside a transaction, which has lost what came before', async () => {
    const ask = await raising('40001', 1);
    await expect(database.knex.transaction((trx) => trx.raw(ask))).rejects.toMatchObject({ code: '40001' });
    expect((await database.knex.raw(ask)).rows).toEqual([{ n: 2 }]);
  });

  it('let nothing else be repeated', async () => {
    const ask = await raising('23505', 1);
    await expect(database.knex.raw(ask)).rejects.toMatchObject({ code: '23505' });
    expect((await database.knex.raw(ask)).rows).toEqual([{ n: 2 }]);
  });
});

describe('a connection', () => {
  it.each(['25006', '57P03', '08006', '28000', '3D000', '55000'])(
    'on which %s came is closed',
    async (code) => {
      await open();
      const pid = await pidOf(database.knex);
      await expect(database.knex.raw(await raising(code, 1))).rejects.toMatchObject({ code });
      expect(await pidOf(database.knex)).not.toBe(pid);
    },
  );

  it.each(['53100', '53300', '57014', '55P03', '23505', '40001'])(
    'on which %s came is kept',
    async (code) => {
      await open();
      const pid = await pidOf(database.knex);
      await expect(database.knex.raw(await raising(code, 2))).rejects.toMatchObject({ code });
      expect(await pidOf(database.knex)).toBe(pid);
    },
  );

  it('that is at a node which became read-only is closed, by whichever way it is used', async () => {
    await open();
    for (const write of [
      (knex: Knex) => knex('versions').where({ name: 'keys' }).update({ version: 1 }),
      (knex: Knex) =>
        knex.transaction((trx) => trx('versions').where({ name: 'keys' }).update({ version: 1 })),
      (knex: Knex) => prepare('test_write', "UPDATE versions SET version = 1 WHERE name = 'keys'")(knex, {}),
    ]) {
      await database.knex.raw('SET default_transaction_read_only = on');
      await expect(write(database.knex)).rejects.toMatchObject({ code: '25006' });
      expect((await database.knex.raw('SHOW transaction_read_only')).rows).toEqual([
        { transaction_read_only: 'off' },
      ]);
    }
  });

  it('that ended while nobody used it is nobody’s failure', async () => {
    await open();
    const pid = await pidOf(database.knex);
    await test.knex.raw('SELECT pg_terminate_backend(?, 5000)', [pid]);
    await until('an answer', async () => (await database.knex.raw(PID).catch(() => undefined)) !== undefined);
    expect(await pidOf(database.knex)).not.toBe(pid);
  });
});
