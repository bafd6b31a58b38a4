import knex, { type Knex } from 'knex';
import { type Cluster, startCluster } from '../machines/cluster.ts';
import { type Answer, obtainTokens, refresh } from '../support/clients/relying-party.ts';
import { type ServerProcess, startServerProcess } from '../support/servers/server-process.ts';
import { until } from '../support/time/until.ts';

const SEEDS_DIR = new URL('../../config/seeds', import.meta.url).pathname;
/** A crash in the moment of a flush loses nothing, so it is tried again. */
const MOST_CRASHES = 8;

describe('a database that crashes right after a rotation', () => {
  let cluster: Cluster;
  let server: ServerProcess;
  beforeAll(async () => {
    cluster = await startCluster();
    // Postgres flushes as seldom as it can, as if the crash came at once.
    await withSql(async (sql) => {
      await sql.raw("ALTER SYSTEM SET wal_writer_delay = '10s'");
      await sql.raw("ALTER SYSTEM SET wal_writer_flush_after = '1GB'");
      await sql.raw('ALTER SYSTEM SET bgwriter_lru_maxpages = 0');
    });
    await cluster.restart('fast');
  }, 300_000);
  afterEach(() => server.stop());
  afterAll(() => cluster.remove());

  /** A crash ends all connections, so each use has its own. */
  const withSql = async <T>(use: (sql: Knex) => Promise<T>): Promise<T> => {
    const sql = knex({ client: 'pg', connection: cluster.url(), pool: { min: 0, max: 1 } });
    try {
      return await use(sql);
    } finally {
      await sql.destroy();
    }
  };
  /** The counter of a token's row. */
  const sequenceOf = (token: string): Promise<number> =>
    withSql(async (sql) => {
      const family = Buffer.from(token.split('.')[0] ?? '', 'base64url');
      const { sequence } = await sql('refresh_families').where({ family }).first('sequence');
      return sequence;
    });
  const start = async (ROTATION_COMMIT: string) => {
    server = await startServerProcess(cluster.url(), { SEEDS_DIR, ROTATION_COMMIT });
  };
  const audited = (name: string) => server.output().split(`"audit":"${name}"`).length - 1;
  const nextOf = ({ body }: Answer) => String(body.refresh_token);
  /** Asks again while the server finds its database away. */
  const patiently = async (token: string) => {
    let answer = await refresh(server.url, token);
    await until('the database to be back', async () => {
      if (answer.status === 503) answer = await refresh(server.url, token);
      return answer.status !== 503;
    });
    return answer;
  };
  /** Refreshes twice, and lets the database crash. Returns the token in between, and the newest. */
  const crash = async () => {
    const { refresh_token: first = '' } = await obtainTokens(server.url);
    const second = nextOf(await refresh(server.url, first));
    const newest = nextOf(await refresh(server.url, second));
    await cluster.restart('immediate');
    return { second, newest };
  };

  it('that did not wait for the disk loses it; the newest token works, and the row catches up', async () => {
    await start('asynchronous');
    let lost = 0;
    for (let crashes = 0; lost === 0 && crashes < MOST_CRASHES; crashes += 1) {
      const { newest } = await crash();
      lost = 2 - (await sequenceOf(newest));
      const before = audited('refresh_token.ahead');
      const answer = await patiently(newest);
      expect({ status: answer.status, sequence: nextOf(answer).split('.')[1] }).toEqual({
        status: 200,
        sequence: '3',
      });
      expect(await sequenceOf(newest)).toBe(3);
      expect(audited('refresh_token.ahead') - before).toBe(lost > 0 ? 1 : 0);
    }
    expect(lost).toBeGreaterThan(0);
    expect(audited('refresh_token.reused')).toBe(0);
  }, 600_000);

  it('that did not wait for the disk makes an older token good once more', async () => {
    await start('asynchronous');
    for (let crashes = 0; crashes < MOST_CRASHES; crashes += 1) {
      const { second } = await crash();
      // The newest token was never used, so the row may be at the older one or before it.
      const isBehind = (await sequenceOf(second)) < 2;
      if (!isBehind) continue;
      expect((await patiently(second)).status).toBe(200);
      expect(await sequenceOf(second)).toBe(2);
      return;
    }
    throw new Error(`${MOST_CRASHES} crashes lost nothing.`);
  }, 600_000);

  it('that waited for the disk loses nothing', async () => {
    await start('synchronous');
    const { newest } = await crash();
    expect(await sequenceOf(newest)).toBe(2);
    expect((await patiently(newest)).status).toBe(200);
    expect(audited('refresh_token.ahead')).toBe(0);
  }, 300_000);
});
