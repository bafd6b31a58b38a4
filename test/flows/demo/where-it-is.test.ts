import { readFileSync } from 'node:fs';
import { freePort } from '../../../scripts/free-port.ts';
import { type Config, parseConfig } from '../../../src/config.ts';
import { createLogger } from '../../../src/platform/log/logger.ts';
import { applySeed } from '../../../src/platform/seeds/seed.ts';
import { startServer } from '../../../src/server.ts';
import { welcome } from '../../../src/welcome.ts';
import { openBrowser } from '../../support/browsers/browser.ts';
import { openTestDatabase } from '../../support/databases/test-database.ts';
import { TEST_SECRETS } from '../../support/servers/test-server.ts';
import { until } from '../../support/time/until.ts';
import { aDemoWorld, parts, problem, waysOn } from './world.ts';

const DEMO_SEED = new URL('../../../config/seeds/demo.sql', import.meta.url);
const SILENT = createLogger({ level: 'silent' });

const world = aDemoWorld();
const { issuer, server } = world;
beforeAll(() => world.start());
afterAll(() => world.close());

/** Makes the rows those of an older seed. */
const OLDER = `
  DELETE FROM clients WHERE id = 'client_demo_device';
  UPDATE clients SET redirect_uris = '{http://127.0.0.1:9999/spa/callback}' WHERE id = 'client_demo_spa'`;

describe('the demo on a database where the server applies no seed by itself', () => {
  const DELETED = "DELETE FROM clients WHERE id = 'client_demo_web'";
  const ELSEWHERE =
    "UPDATE clients SET redirect_uris = '{http://localhost:1/demo/callback}' WHERE id = 'client_demo_web'";

  it.each<[string, string, Partial<Config>, number]>([
    ['is there with its rows', '', {}, 200],
    ['is there with the rows of an older seed', OLDER, {}, 200],
    ['is not there without its rows', DELETED, {}, 404],
    ['is not there with rows for another issuer', ELSEWHERE, {}, 404],
    ['is not there where the configuration forbids it', '', { demo: false }, 404],
  ])('%s', async (_what, sql, changes, status) => {
    const database = await openTestDatabase();
    const seed = { name: 'demo', sql: readFileSync(DEMO_SEED, 'utf8'), settings: { issuer: issuer() } };
    await applySeed(database.knex, seed);
    if (sql) await database.knex.raw(sql);
    const port = await freePort();
    const config = parseConfig({ ...TEST_SECRETS, PORT: String(port), ISSUER: issuer(), HOST: 'localhost' });
    const started = await startServer(
      { ...config, demoSeed: false, ...changes },
      { logger: SILENT, database },
    );
    const answer = await fetch(`http://localhost:${port}/demo`);
    await started.close();
    expect(answer.status).toBe(status);
  });
});

describe('the demo offers what is registered', () => {
  it('at this moment, and says how to have it again', async () => {
    const { database } = server();
    const partsNow = async () => parts(await openBrowser().get(`${issuer()}/demo`));
    expect(await partsNow()).toEqual(['Web application', 'Consent', 'Device']);

    await database.knex.raw(OLDER);
    await until('the demo sees that two clients are as in an older seed', async () => {
      return (await partsNow()).length === 0;
    });
    for (const path of ['/demo/consent', '/demo/consent/sign-in', '/demo/device', '/demo/device/start'])
      expect(problem(await openBrowser().get(issuer() + path))).toEqual({
        status: 404,
        title: 'This client is not registered',
        code: 'unknown_client',
      });
    expect((await openBrowser().get(`${issuer()}/demo`)).status).toBe(200);

    await database.knex.raw("DELETE FROM clients WHERE id = 'client_demo_web'");
    await until('the demo sees that the third one is gone', async () => {
      return (await openBrowser().get(`${issuer()}/demo`)).status === 404;
    });
    const problems = await openBrowser().get(`${issuer()}/demo/sign-in`);
    expect({ ...problem(problems), waysOn: waysOn(problems) }).toEqual({
      status: 404,
      title: 'This client is not registered',
      code: 'unknown_client',
      waysOn: { Reload: '/demo' },
    });

    await server().seed(readFileSync(DEMO_SEED, 'utf8'));
    await until('the demo is back', async () => (await partsNow()).length === 3);
  });
});

describe('what npm start prints', () => {
  it('leads to the demo, and mints a LiSTNR token', async () => {
    const text = welcome(server().services.config, server().services);
    const links = text
      .match(/^.*(?:demo|openid-configuration)$/gm)
      ?.map((line) => line.trim().split(/\s+/).at(-1));
    const [, url = '', credentials = '', type = '', body = ''] =
      /curl (\S+) \\\n +-u (\S+) \\\n +-H 'Content-Type: (\S+)' \\\n +-d '([^']+)'\n/.exec(text) ?? [];
    const minted = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
        'content-type': type,
      },
      body,
    });

    expect(links).toEqual([`${issuer()}/demo`, `${issuer()}/.well-known/openid-configuration`]);
    expect(await minted.json()).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 900,
    });
  });

  it('says where it listens, and nothing of the demo, without one', () => {
    const place = { issuer: 'https://login.example', port: 443 };
    const demo = { demo: false };

    expect(welcome({ ...place, host: '0.0.0.0' }, demo)).toBe(
      '\nListening on 0.0.0.0:443 as https://login.example\n\n',
    );
    expect(welcome({ ...place, host: '::' }, demo)).toBe(
      '\nListening on [::]:443 as https://login.example\n\n',
    );
  });
});
