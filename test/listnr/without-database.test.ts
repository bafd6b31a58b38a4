import { AggregatorRegistry, type MetricObject } from 'prom-client';
import { freePort } from '../../scripts/free-port.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { getJson } from '../support/clients/relying-party.ts';
import {
  askToken,
  basic,
  DEMO_BASIC,
  DEMO_SERVICE,
  secretClientSql,
} from '../support/clients/token-provider.ts';
import { runJob } from '../support/servers/run-job.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { until } from '../support/time/until.ts';

const REQUEST = { client_id: DEMO_SERVICE.id, subject: 'somebody' };
const AGE = /^listo_listnr_knowledge_age_seconds (\S+)$/m;
const CLIENTS = /^listo_listnr_clients (\S+)$/m;

let server: TestServer;
let internal: string;
let now = new Date();
beforeAll(async () => {
  const port = await freePort();
  internal = `http://localhost:${port}`;
  server = await startTestServer({
    env: { INTERNAL_PORT: String(port) },
    overrides: { clock: { now: () => now } },
  });
});
afterAll(() => server.close());

/** Makes reading the clients fail, or work again. No trigger uses this column. */
const breakReading = (broken: boolean) =>
  server.database.knex.raw('ALTER TABLE listnr_accepted_issuers RENAME ?? TO ??', [
    ...(broken ? ['algorithms', 'away'] : ['away', 'algorithms']),
  ]);
const metric = async (pattern: RegExp) =>
  Number(pattern.exec(await (await fetch(`${internal}/metrics`)).text())?.[1]);
const ageInReadiness = async () => {
  const { listnr } = (await getJson(`${internal}/readyz`)).body as {
    listnr: { knowledgeAgeSeconds: number };
  };
  return listnr.knowledgeAgeSeconds;
};

describe('what LiSTNR knows', () => {
  it('stays as it was while it cannot be read anew, says how old it is, and follows afterwards', async () => {
    // When the new client is known, a look at the versions has come after the change.
    await server.database.knex.raw(secretClientSql('before'));
    await until('the client to be known', () => server.services.listnrClients.find('before') !== undefined);
    const whole = server.services.listnrClients.count;

    await breakReading(true);
    await server.database.knex('listnr_clients').where({ id: DEMO_SERVICE.id }).update({ disabled_at: now });
    await until('the age to grow', async () => (await metric(AGE)) > 2.5);
    expect(await ageInReadiness()).toBeGreaterThan(2.5);
    expect(await metric(CLIENTS)).toBe(whole);
    expect((await askToken(server, DEMO_BASIC, REQUEST)).status).toBe(200);
    await expect(server.services.listnrClients.reload()).rejects.toThrow(
      'column "algorithms" does not exist',
    );
    expect((await askToken(server, DEMO_BASIC, REQUEST)).status).toBe(200);

    await breakReading(false);
    await until('the change to be seen', async () => {
      const { status } = await askToken(server, DEMO_BASIC, REQUEST);
      return status === 403;
    });
    await until('the age to be small again', async () => (await metric(AGE)) < 2);
    await until('the same in readiness', async () => (await ageInReadiness()) < 2);
    await server.seed(`UPDATE listnr_clients SET disabled_at = NULL WHERE id = '${DEMO_SERVICE.id}'`);
  });

  it('of people is followed though the clients cannot be read', async () => {
    await breakReading(true);
    await server.database.knex('versions').where({ name: 'registration' }).increment('version', 1);
    await server.seed("INSERT INTO people (id, instance_id) VALUES ('gone', 'demo')").catch(() => undefined);
    await server.database.knex('people').where({ id: 'gone' }).delete();
    await expect(runJob(server, 'watch-versions')).rejects.toThrow('column "algorithms" does not exist');
    expect(server.services.denied.has('gone')).toBe(true);
    await breakReading(false);
  });

  it('of a secret ends at its time, without asking anybody', async () => {
    await server.seed(secretClientSql('short-lived'));
    const ends = new Date(now.getTime() + 60_000);
    await server.database
      .knex('listnr_client_secrets')
      .where({ client_id: 'short-lived' })
      .update({ expires_at: ends });
    await server.services.listnrClients.reload();
    const ask = () =>
      askToken(server, basic('short-lived', DEMO_SERVICE.secret), { client_id: 'short-lived', subject: 's' });
    expect((await ask()).status).toBe(200);
    now = ends;
    expect((await ask()).status).toBe(401);
  });

  it('of a secret that expires at infinity is that it does not', async () => {
    await server.seed(
      `${secretClientSql('for-ever')} UPDATE listnr_client_secrets SET expires_at = 'infinity' WHERE client_id = 'for-ever';`,
    );
    const answer = await askToken(server, basic('for-ever', DEMO_SERVICE.secret), {
      client_id: 'for-ever',
      subject: 'somebody',
    });
    expect(answer.status).toBe(200);
  });

  it('is all of it, though it takes several reads', async () => {
    const ids = Array.from({ length: 1200 }, (_, n) => `many-${n}`);
    await server.database.knex.raw(ids.map((id) => secretClientSql(id)).join('\n'));
    await server.services.listnrClients.reload();
    expect(ids.filter((id) => server.services.listnrClients.find(id)?.id !== id)).toEqual([]);
    expect(ids.filter((id) => server.services.listnrClients.secretsOf(id).length !== 1)).toEqual([]);
  });
});

describe('the metrics of several processes', () => {
  it('tell the oldest knowledge of them', async () => {
    const processes = await Promise.all(
      [3, 42, 7].map((age) => {
        const metrics = createMetrics();
        metrics.observeKnowledge({ clients: 10 - age / 42, ageSeconds: () => age });
        return metrics.registry.getMetricsAsJSON();
      }),
    );
    const text = await AggregatorRegistry.aggregate(processes as unknown as MetricObject[]).metrics();
    expect(Number(AGE.exec(text)?.[1])).toBe(42);
  });
});
