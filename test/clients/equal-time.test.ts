import { createHook } from 'node:async_hooks';
import { hashPassword } from '../../src/platform/secrets/digest.ts';
import { openBrowser } from '../support/browsers/browser.ts';
import { authorizationUrl, DEMO_WEB, postForm } from '../support/clients/relying-party.ts';
import { askToken, basic, DEMO_SERVICE } from '../support/clients/token-provider.ts';
import { isOfJobs } from '../support/databases/count-statements.ts';
import { aClient, aPerson } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

/** The costs of a request that somebody could measure: statements to the database, and slow hashes. */
interface Cost {
  statements: number;
  slowHashes: number;
}

let server: TestServer;
let cost: Cost = { statements: 0, slowHashes: 0 };
const hook = createHook({
  init(_id, type) {
    if (type === 'ARGON2REQUEST') cost.slowHashes += 1;
  },
});

beforeAll(async () => {
  server = await startTestServer({ env: { FAILURES_PER_MINUTE: '100' } });
  hook.enable();
  server.database.knex.on('query', ({ sql }: { sql: string }) => {
    if (!isOfJobs(sql)) cost.statements += 1;
  });
});
afterAll(async () => {
  hook.disable();
  await server.close();
});

/** Waits until the server has looked for changes twice: what it does then would be counted. */
async function noticeChanges(): Promise<void> {
  const { knex } = server.database;
  let looks = 0;
  await new Promise<void>((noticed) => {
    const look = ({ sql }: { sql: string }) => {
      if (!sql.includes('"versions"')) return;
      looks += 1;
      if (looks < 3) return;
      knex.removeListener('query', look);
      noticed();
    };
    knex.on('query', look);
  });
}

async function costOf(status: number, ask: () => Promise<{ status: number }>): Promise<Cost> {
  cost = { statements: 0, slowHashes: 0 };
  const answer = await ask();
  expect(answer.status).toBe(status);
  return cost;
}

const PATHS = ['/auth/token', '/auth/introspect', '/auth/revoke', '/auth/par', '/auth/device_authorization'];
const FIELDS = { grant_type: 'refresh_token', refresh_token: 'x', token: 'x' };

const withBasic = (path: string, id: string) =>
  postForm(`${server.url}${path}`, FIELDS, { authorization: basic(id, 'wrong') });
const inBody = (path: string, id: string) =>
  postForm(`${server.url}${path}`, { ...FIELDS, client_id: id, client_secret: 'wrong' });
const atListnr = (id: string) => askToken(server, basic(id, 'wrong'), { client_id: id, subject: 'somebody' });

/** Clients of every kind, known in this process. */
async function knownClients(digests: string[]): Promise<string[]> {
  const [first = '', second = ''] = digests;
  const withDigests = async (...own: string[]) => {
    const { client_id } = await aClient(server);
    const { knex } = server.database;
    if (own[0]) await knex('client_secrets').where({ client_id }).update({ digest: own[0] });
    if (own[1]) await knex('client_secrets').insert({ client_id, name: 'second', digest: own[1] });
    return client_id;
  };
  const ids = [
    DEMO_WEB.client_id,
    (await aClient(server, { type: 'public' })).client_id,
    ...(first ? [await withDigests(first), await withDigests(first, second)] : []),
  ];
  await noticeChanges();
  for (const id of ids) await inBody('/auth/token', id);
  return ids;
}

describe('a client that is refused', () => {
  it('costs one look and no slow hash, whether it exists or not', async () => {
    for (const id of [...(await knownClients([])), 'nobody'])
      for (const ask of [withBasic, inBody])
        for (const path of PATHS)
          expect({ id, path, ...(await costOf(401, () => ask(path, id))) }).toEqual({
            id,
            path,
            statements: 1,
            slowHashes: 0,
          });
  });

  it('costs as many slow hashes as one of the client with the most slow secrets, whether it exists or not', async () => {
    const digests = [`argon2id:${await hashPassword('one')}`, `argon2id:${await hashPassword('another')}`];
    const ids = await knownClients(digests);
    for (const id of [...ids, 'nobody'])
      for (const path of PATHS)
        expect({ id, path, ...(await costOf(401, () => withBasic(path, id))) }).toEqual({
          id,
          path,
          statements: 1,
          slowHashes: 2,
        });
  });

  it('costs no slow hash when it presents no secret', async () => {
    const assertion = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    const fields = {
      ...FIELDS,
      client_assertion_type: assertion,
      client_assertion: `e30.${btoa('{"sub":"nobody"}')}.x`,
    };
    expect(await costOf(401, () => postForm(`${server.url}/auth/token`, fields))).toEqual({
      statements: 1,
      slowHashes: 0,
    });
  });

  it('costs nothing more when its secret is right', async () => {
    const { client_id: id, client_secret: secret } = DEMO_WEB;
    const ask = () => postForm(`${server.url}/auth/token`, FIELDS, { authorization: basic(id, secret) });
    await ask();
    expect(await costOf(400, ask)).toEqual({ statements: 0, slowHashes: 0 });
  });
});

describe('a LiSTNR client that is refused', () => {
  it('costs the same whether it exists or not, without the database', async () => {
    for (const id of [DEMO_SERVICE.id, 'nobody'])
      expect(await costOf(401, () => atListnr(id))).toEqual({ statements: 0, slowHashes: 0 });
    await server.seed(`
      INSERT INTO listnr_clients (id, pattern, environments) VALUES ('slow-service', 'client_credentials', '{dev}');
      INSERT INTO listnr_client_secrets (client_id, digest)
      VALUES ('slow-service', 'argon2id:${await hashPassword('one')}')`);
    await noticeChanges();
    for (const id of [DEMO_SERVICE.id, 'slow-service', 'nobody'])
      expect(await costOf(401, () => atListnr(id))).toEqual({ statements: 0, slowHashes: 1 });
    // The use of the secret is noted after the answer, so a statement may be counted here or later.
    const right = await costOf(200, () =>
      askToken(server, basic('slow-service', 'one'), { client_id: 'slow-service', subject: 'somebody' }),
    );
    expect(right.slowHashes).toBe(1);
  });
});

describe('a sign-in that is refused', () => {
  it('costs the same for an unknown address, a wrong password, a disabled person, and one without a password', async () => {
    const { knex } = server.database;
    const [known, disabled, other] = [await aPerson(server), await aPerson(server), await aPerson(server)];
    await knex('people').where({ id: disabled.id }).update({ disabled_at: new Date() });
    await knex('people').where({ id: other.id }).update({ password_hash: null });
    const browser = openBrowser();
    const page = await browser.follow(await browser.get(authorizationUrl(server.url)));
    const signIn = (email: string) => browser.submit(page, '/sign-in', { email, password: 'wrong' });
    await noticeChanges();
    await signIn('first@demo.example');
    const costs: Cost[] = [];
    for (const email of [known.email, disabled.email, other.email, 'nobody@demo.example'])
      costs.push(await costOf(401, () => signIn(email)));
    expect(costs).toEqual(Array(4).fill({ statements: costs[0]?.statements, slowHashes: 1 }));
  });
});
