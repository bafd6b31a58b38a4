import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import pg from 'pg';
import { openDatabase } from '../../../src/platform/database.ts';
import { type EmbeddedSession, startEmbeddedSocket } from '../../../src/platform/embedded/embedded-socket.ts';
import { embeddedTemplate } from '../../support/databases/embedded-template.ts';

/** The first packet of protocol version 3: length, version and user. */
const OPENING = Buffer.from('\0\0\0\x17\0\x03\0\0user\0postgres\0\0', 'latin1');

let db: PGlite;
let folder: string;
let socket: { close(): Promise<void> };
const clients: pg.Client[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'listo-test-'));
  db = await PGlite.create({ loadDataDir: embeddedTemplate() });
  socket = await startEmbeddedSocket(db, join(folder, '.s.PGSQL.5432'));
});
afterEach(() => Promise.all(clients.splice(0).map((client) => client.end())));
afterAll(async () => {
  await socket.close();
  await db.close();
  rmSync(folder, { recursive: true });
});

async function aConnection(host = folder): Promise<pg.Client> {
  const client = new pg.Client({ host, user: 'postgres', database: 'postgres' });
  // The client reports here when a test cuts its connection.
  client.on('error', () => undefined);
  await client.connect();
  clients.push(client);
  return client;
}

/** Ends a client as if it had died: without a goodbye. */
function cut(client: pg.Client): void {
  clients.splice(clients.indexOf(client), 1);
  client.connection.stream.destroy();
}

async function answerOf(client: pg.Client, sql: string, values: unknown[] = []): Promise<unknown> {
  const { rows } = await client.query<Record<string, unknown>>(sql, values);
  return Object.values(rows[0] ?? {})[0];
}

describe('connections of the embedded database', () => {
  it('take turns: a transaction of one is not mixed with what another sends', async () => {
    const one = await aConnection();
    const seen: string[] = [];

    await one.query('BEGIN');
    const other = await aConnection();
    await one.query('CREATE TABLE turns (n int)');
    const waiting = answerOf(other, 'SELECT count(*)::int FROM turns').then((count) => {
      seen.push('other');
      return count;
    });
    await one.query('INSERT INTO turns VALUES (1), (2)');
    seen.push('one');
    await one.query('COMMIT');

    expect(await waiting).toBe(2);
    expect(seen).toEqual(['one', 'other']);
  });

  it('get their own answers when both send at once', async () => {
    const connections = [await aConnection(), await aConnection(), await aConnection()];
    const asked = connections.flatMap((client, c) =>
      Array.from({ length: 50 }, (_, n) => ({ client, value: `${c}/${n}` })),
    );
    const answers = await Promise.all(
      asked.map(({ client, value }) => answerOf(client, 'SELECT $1::text', [value])),
    );
    expect(answers).toEqual(asked.map(({ value }) => value));
  });

  it('have prepared statements of their own, which end with them', async () => {
    const [one, other] = [await aConnection(), await aConnection()];
    const prepared = (client: pg.Client, text: string) =>
      client.query({ name: 'same-name', text, values: ['7'] }).then(({ rows }) => rows);

    expect(await prepared(one, 'SELECT $1::int AS n')).toEqual([{ n: 7 }]);
    expect(await prepared(other, 'SELECT $1::text AS t')).toEqual([{ t: '7' }]);
    expect(await prepared(one, 'SELECT $1::int AS n')).toEqual([{ n: 7 }]);

    cut(other);
    expect(await answerOf(await aConnection(), 'SELECT count(*)::int FROM pg_prepared_statements')).toBe(1);
    expect(await prepared(one, 'SELECT $1::int AS n')).toEqual([{ n: 7 }]);
  });

  it('are rolled back when their client disappears in a transaction', async () => {
    const gone = await aConnection();
    await gone.query('BEGIN');
    await gone.query('CREATE TABLE never (n int)');
    const next = aConnection();
    cut(gone);
    expect(await answerOf(await next, "SELECT to_regclass('never')")).toBeNull();
  });

  it('are rolled back when their client disappears in a transaction that failed', async () => {
    const gone = await aConnection();
    await gone.query('BEGIN');
    await expect(gone.query('SELECT 1/0')).rejects.toThrow('division by zero');
    cut(gone);
    expect(await answerOf(await aConnection(), 'SELECT 1')).toBe(1);
  });

  it('leave no setting and no temporary table behind', async () => {
    const gone = await aConnection();
    await gone.query("SET statement_timeout = '1ms'; CREATE TEMPORARY TABLE scratch (n int)");
    cut(gone);
    const next = await aConnection();
    expect(await answerOf(next, "SELECT to_regclass('scratch')")).toBeNull();
    expect(await answerOf(next, 'SHOW statement_timeout')).toBe('0');
  });

  it('do not keep their place in the queue when their client disappears while it waits', async () => {
    const [holder, gone] = [await aConnection(), await aConnection()];
    await holder.query('BEGIN');
    const waiting = gone.query('SELECT 1');
    waiting.catch(() => undefined);
    cut(gone);
    await holder.query('COMMIT');
    expect(await answerOf(await aConnection(), 'SELECT 2')).toBe(2);
    await expect(waiting).rejects.toThrow('Connection terminated');
  });

  it('go on after a statement that failed', async () => {
    const client = await aConnection();
    await expect(client.query('SELECT * FROM nowhere')).rejects.toMatchObject({ code: '42P01' });
    await expect(client.query('SELECT $1::int', ['x'])).rejects.toMatchObject({ code: '22P02' });
    expect(await answerOf(client, 'SELECT 3')).toBe(3);
  });

  it('carry a large statement and a large answer', async () => {
    const large = 'é'.repeat(4_000_000);
    expect(await answerOf(await aConnection(), 'SELECT $1::text', [large])).toBe(large);
  });

  it('do not wait for another that does not read its answer', async () => {
    const [slow, other] = [await aConnection(), await aConnection()];
    slow.connection.stream.pause();
    const answer = answerOf(slow, "SELECT repeat('x', 20000000)") as Promise<string>;
    expect(await answerOf(other, 'SELECT 4')).toBe(4);
    slow.connection.stream.resume();
    expect((await answer).length).toBe(20_000_000);
  });

  it.each([
    ['a length of zero', Buffer.alloc(8)],
    ['a length below zero', Buffer.alloc(8, 0xff)],
    ['a first packet that is too long', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a later length of zero', Buffer.concat([OPENING, Buffer.from('Q\0\0\0\0')])],
    ['a later length below zero', Buffer.concat([OPENING, Buffer.from('Q\xff\xff\xff\xff', 'latin1')])],
  ])('are ended when what they send is not the protocol: %s', async (_case, bytes) => {
    const stranger = connect(join(folder, '.s.PGSQL.5432'));
    stranger.resume().write(bytes);
    await once(stranger, 'close');
    expect(await answerOf(await aConnection(), 'SELECT 5')).toBe(5);
  });
});

describe('a session that throws', () => {
  it('ends the connection that met it and serves the next', async () => {
    const host = mkdtempSync(join(folder, 'throws-'));
    let broken = false;
    const session: EmbeddedSession = {
      runExclusive: (work) => db.runExclusive(work),
      isInTransaction: () => db.isInTransaction(),
      execProtocolRawStream(message, options) {
        if (broken) throw new Error('unreachable executed');
        return db.execProtocolRawStream(message, options);
      },
    };
    const throwing = await startEmbeddedSocket(session, join(host, '.s.PGSQL.5432'));
    const client = await aConnection(host);
    broken = true;
    await expect(client.query('SELECT 1')).rejects.toThrow('Connection terminated unexpectedly');
    clients.splice(clients.indexOf(client), 1);

    broken = false;
    expect(await answerOf(await aConnection(host), 'SELECT 6')).toBe(6);
    await Promise.all(clients.splice(0).map((open) => open.end()));
    await throwing.close();
  });
});

describe('closing', () => {
  it('ends connections, also one that waits for another’s transaction, and answers no more', async () => {
    const host = mkdtempSync(join(folder, 'closing-'));
    const closing = await startEmbeddedSocket(db, join(host, '.s.PGSQL.5432'));
    const [holder, waiting] = [await aConnection(host), await aConnection(host)];
    await holder.query('BEGIN');
    await holder.query('CREATE TABLE unfinished (n int)');
    const waited = waiting.query('SELECT 1');
    waited.catch(() => undefined);

    await closing.close();

    await expect(waited).rejects.toThrow(/Connection terminated unexpectedly|ECONNRESET/);
    clients.splice(0);
    expect(db.isInTransaction()).toBe(false);
    expect(await answerOf(await aConnection(), "SELECT to_regclass('unfinished')")).toBeNull();
    await expect(aConnection(host)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a data directory', () => {
  it('is open in one process, joined by a command, and free again when closed', async () => {
    const dataDir = join(folder, 'data');
    const first = await openDatabase({ dataDir, template: embeddedTemplate() });
    await expect(openDatabase({ dataDir })).rejects.toThrow(
      `The data directory ${dataDir} is already open in process ${process.pid}. Stop that one, or give this one another DATA_DIR.`,
    );
    await first.knex.raw('CREATE TABLE kept (n int)');

    const joined = await openDatabase({ dataDir, shareRunning: true });
    await joined.knex('kept').insert({ n: 1 });
    await joined.close();
    expect(await first.knex('kept')).toEqual([{ n: 1 }]);

    await first.close();
    expect(readdirSync(dataDir)).toEqual(['postgres']);
    const again = await openDatabase({ dataDir, shareRunning: true });
    expect(await again.knex('kept')).toEqual([{ n: 1 }]);
    await again.close();
  });
});
