import { freePort } from '../../../scripts/free-port.ts';
import { openDatabase } from '../../../src/platform/database.ts';
import { MOST_OF_LANE, MOST_OF_UNKNOWN } from '../../../src/refusals/record/bounds.ts';
import { createRefusalRowsStore } from '../../../src/refusals/record/refusal-rows-store.ts';
import type { Refused } from '../../../src/refusals/refused.ts';
import { releaseTogether } from '../../support/clients/released-together.ts';
import { DEMO_WEB } from '../../support/clients/relying-party.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { type ServerProcess, startServerProcess } from '../../support/servers/server-process.ts';

const SEEDS_DIR = new URL('../../../config/seeds', import.meta.url).pathname;
const FLUSHES = 50;
const ROWS = 40;
const RACE_MS = 300_000;

const REFUSED: Refused = {
  requestId: 'request',
  service: 'listo',
  endpoint: '/auth/token',
  status: 400,
  clientId: 'portal',
  claim: undefined,
  clientIs: 'registered',
  instanceId: undefined,
  error: 'invalid_grant',
  why: undefined,
};

/** The lanes with their rows. */
async function lanesOf({ knex }: TestDatabase): Promise<Record<string, number>> {
  const { rows } = await knex.raw<{ rows: { lane: string; n: number }[] }>(
    'SELECT lane, count(*)::int AS n FROM refusals GROUP BY lane ORDER BY lane',
  );
  return Object.fromEntries(rows.map(({ lane, n }) => [lane, n]));
}

describe('fifty flushes at once', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase();
    await database.knex.raw(`
      INSERT INTO instances (id, name) VALUES ('home', 'Home');
      INSERT INTO clients (id, instance_id, name, type, redirect_uris)
      VALUES ('portal', 'home', 'Portal', 'public', '{https://app.example/callback}')`);
  });
  afterAll(() => database.close());

  it(
    'leave each lane at its bound, and none of them fails',
    async () => {
      const pool = await openDatabase({ url: database.url ?? '', poolSize: 10 });
      const rows = createRefusalRowsStore(pool.knex);
      const flush = async (n: number) => {
        // Each begins with another lane, so that they would lock the same rows in another order.
        const batch = Array.from({ length: ROWS }, (_, k): Refused & { ageMs: number } => {
          const whose = [{}, { clientIs: 'authenticated' as const }, { clientId: `stranger-${k}` }][
            (n + k) % 3
          ];
          return { ...REFUSED, ...whose, ageMs: k };
        });
        await rows.boundLanes(await rows.add(batch));
      };
      try {
        for (let round = 0; round < 4; round += 1)
          await Promise.all(Array.from({ length: FLUSHES }, (_, n) => flush(n)));
      } finally {
        await pool.close();
      }
      expect(await lanesOf(database)).toEqual({
        'listo ?': MOST_OF_UNKNOWN,
        'listo portal': MOST_OF_LANE,
        'listo portal authenticated': MOST_OF_LANE,
      });
    },
    RACE_MS,
  );
});

describe('two processes with refused requests', () => {
  let database: TestDatabase;
  const servers: (ServerProcess & { internal: string })[] = [];
  beforeAll(async () => {
    database = await openTestDatabase();
    for (let n = 0; n < 2; n += 1) {
      const port = String(await freePort());
      const env = { SEEDS_DIR, ISSUER: 'http://localhost:1', INTERNAL_PORT: port, LOG_LEVEL: 'error' };
      const server = await startServerProcess(database.url ?? '', env);
      servers.push({ ...server, internal: `http://localhost:${port}` });
    }
  }, RACE_MS);
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await database.close();
  });

  const counted = async (name: string): Promise<number> => {
    const texts = await Promise.all(
      servers.map(async ({ internal }) => (await fetch(`${internal}/metrics`)).text()),
    );
    const values = texts.flatMap((text) => [...text.matchAll(new RegExp(`^${name}(?:{.*})? (\\d+)$`, 'gm'))]);
    return values.reduce((sum, [, value]) => sum + Number(value), 0);
  };

  it(
    'write or count each, keep the client at its bound, and write what waits when they stop',
    async () => {
      const sent = 600;
      const answers = [];
      for (let n = 0; n < sent; n += 50) {
        const requests = Array.from({ length: 50 }, (_, k) => ({
          url: `${servers[k % 2]?.url}/auth/token`,
          method: 'POST' as const,
          headers: { 'content-type': 'application/json', 'x-request-id': `request-${n + k}` },
          body: JSON.stringify({
            ...DEMO_WEB,
            grant_type: 'refresh_token',
            refresh_token: `unknown-${n + k}`,
          }),
        }));
        answers.push(...(await releaseTogether(requests)));
      }
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400]));
      const last = { ...DEMO_WEB, grant_type: 'nonsense' };
      for (const { url } of servers)
        await fetch(`${url}/auth/token`, {
          method: 'POST',
          headers: { 'x-request-id': 'last' },
          body: new URLSearchParams(last),
        });
      const dropped = await counted('listo_refusals_dropped_total');
      const recordedBefore = await counted('listo_refusals_recorded_total');
      await Promise.all(servers.map((server) => server.stop()));
      const lanes = await lanesOf(database);
      const kept = lanes['listo client_demo_web authenticated'] ?? 0;
      expect(Object.keys(lanes)).toEqual(['listo client_demo_web authenticated']);
      expect(kept).toBeLessThanOrEqual(MOST_OF_LANE);
      // The processes wrote the rest when they stopped.
      expect(recordedBefore + dropped).toBeLessThanOrEqual(sent + 2);
      expect(kept).toBe(Math.min(MOST_OF_LANE, sent + 2 - dropped));
      expect(await database.knex('refusals').where({ request_id: 'last' })).toHaveLength(2);
    },
    RACE_MS,
  );
});
