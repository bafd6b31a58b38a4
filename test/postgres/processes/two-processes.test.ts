import { createRemoteJWKSet, jwtVerify } from 'jose';
import knex from 'knex';
import { freePort } from '../../../scripts/free-port.ts';
import { openBrowser } from '../../support/browsers/browser.ts';
import {
  ADA,
  authorizationUrl,
  DEMO_WEB,
  exchange,
  getJson,
  obtainTokens,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { type ServerProcess, startServerProcess } from '../../support/servers/server-process.ts';
import { unique } from '../../support/servers/test-server.ts';

const SEEDS_DIR = new URL('../../../config/seeds', import.meta.url).pathname;

describe('two processes on one database', () => {
  let database: TestDatabase;
  let first: ServerProcess;
  let second: ServerProcess;

  beforeAll(async () => {
    database = await openTestDatabase();
    const port = await freePort();
    const shared = { ISSUER: `http://localhost:${port}`, SEEDS_DIR };
    first = await startServerProcess(database.url ?? '', { ...shared, PORT: String(port) });
    second = await startServerProcess(database.url ?? '', shared);
  });
  afterAll(async () => {
    await Promise.all([first?.stop(), second?.stop()]);
    await database.close();
  });

  it('accept each other’s tokens, and end them for each other', async () => {
    const { access_token } = await obtainTokens(first.url);
    expect((await userinfo(second.url, access_token)).status).toBe(200);
    const revoked = await fetch(`${second.url}/auth/revoke`, {
      method: 'POST',
      body: new URLSearchParams({
        token: access_token,
        client_id: 'client_demo_web',
        client_secret: 'demo-web-secret-not-for-production-0001',
      }),
    });
    expect(revoked.status).toBe(200);
    expect((await userinfo(first.url, access_token)).status).toBe(401);
  });

  it('carry on with a sign-in that began at the other', async () => {
    const browser = openBrowser({ origin: first.url });
    const start = await browser.get(authorizationUrl(first.url));
    const form = await browser.get(start.location?.replace(first.url, second.url) ?? '');
    const answered = await browser.submit(form, '/sign-in', ADA);
    const done = await browser.follow(answered, DEMO_WEB.redirect_uri);
    const code = new URL(done.location ?? '').searchParams.get('code') ?? '';
    expect((await exchange(second.url, code)).status).toBe(200);
  });
});

describe('two processes that start at once on an empty database', () => {
  const name = unique('listo_test').replaceAll('-', '_');
  const url = new URL(process.env.TEST_DATABASE_URL ?? 'postgres://unset');
  const admin = knex({ client: 'pg', connection: url.href, pool: { min: 0, max: 1 } });
  let processes: ServerProcess[] = [];

  beforeAll(async () => {
    await admin.raw('CREATE DATABASE ??', [name]);
    url.pathname = `/${name}`;
    const port = await freePort();
    const shared = { ISSUER: `http://localhost:${port}`, SEEDS_DIR };
    processes = await Promise.all([
      startServerProcess(url.href, { ...shared, PORT: String(port) }),
      startServerProcess(url.href, shared),
    ]);
  });
  afterAll(async () => {
    await Promise.all(processes.map((server) => server.stop()));
    await admin.raw('DROP DATABASE ?? WITH (FORCE)', [name]);
    await admin.destroy();
  });

  it('make one set of keys', async () => {
    const [one, other] = await Promise.all(
      processes.map(async ({ url }) => ({
        oidc: (await getJson(`${url}/auth/jwks`)).body,
        listnr: (await getJson(`${url}/v1/listnr-token-provider/jwks`)).body,
      })),
    );
    expect(other).toEqual(one);
  });

  it('sign tokens that verify with the keys the other publishes', async () => {
    const [one, other] = processes;
    const { id_token } = await obtainTokens(one?.url ?? '');
    const { payload } = await jwtVerify(id_token, createRemoteJWKSet(new URL(`${other?.url}/auth/jwks`)), {
      issuer: one?.url ?? '',
      audience: 'client_demo_web',
    });
    expect(payload.sub).toBe('7f3c1f0e-5d0b-4c57-9c5e-0a1b2c3d4e5f');
  });
});
