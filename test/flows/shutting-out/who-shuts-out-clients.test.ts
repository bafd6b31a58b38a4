import { createHashQueue } from '../../../src/platform/secrets/hash-queue.ts';
import { openBrowser } from '../../support/browsers/browser.ts';
import { authorizationUrl, postForm } from '../../support/clients/relying-party.ts';
import { aClient, aPerson, type TestClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { rowsTestedBy } from '../../support/sources/security-document.ts';
import { until } from '../../support/time/until.ts';
import { cheapHash } from '../what-ends-what/world.ts';

const PASSWORD = 'a perfectly good password';
const PROXY = { TRUSTED_PROXIES: '127.0.0.1,::1' };

let addresses = 0;
/** An address that no other test uses. */
function anAddress(): string {
  addresses += 1;
  return `198.51.100.${addresses}`;
}

interface Asked {
  from: string;
  client: Pick<TestClient, 'client_id' | 'client_secret'>;
}

/** Introspects a token that nobody got: 200 for a client that authenticates. */
async function ask(
  server: TestServer,
  { from, client: { client_id, client_secret } }: Asked,
): Promise<number> {
  const fields = { token: 'unknown', client_id, client_secret };
  return (await postForm(`${server.url}/auth/introspect`, fields, { 'x-forwarded-for': from })).status;
}

const withWrong = (client: TestClient) => ({ ...client, client_secret: 'a guess' });

/** A client with a secret that is slow to compare, by a cheap hash: hashing is not the subject. */
async function aSlowClient(server: TestServer): Promise<TestClient> {
  const client = await aClient(server);
  const { client_id } = client;
  const digest = `argon2id:${cheapHash(client.client_secret)}`;
  await server.database.knex('client_secrets').where({ client_id }).update({ digest });
  return client;
}

const count = (statuses: number[]) =>
  Object.fromEntries(
    [...new Set(statuses)].map((status) => [status, statuses.filter((other) => other === status).length]),
  );

async function withServer(
  options: Parameters<typeof startTestServer>[0],
  use: (server: TestServer) => Promise<void>,
): Promise<void> {
  const server = await startTestServer(options);
  try {
    await use(server);
  } finally {
    await server.close();
  }
}

interface HeldQueue {
  server: TestServer;
  /** A sign-in with the right password. */
  signIn(from: string): Promise<number>;
  /** Waits until so many hashes wait for their turn. */
  waiting(count: number): Promise<void>;
  release(): void;
}

/** A server whose hashes wait until they are released, and whose queue has room for three. */
async function withHeldQueue(use: (queue: HeldQueue) => Promise<void>): Promise<void> {
  const queue = createHashQueue({ atOnce: 1, longest: 3 });
  let entered = 0;
  const hashes: typeof queue = {
    run(lane, work) {
      entered += 1;
      return queue.run(lane, work);
    },
  };
  let release = () => {};
  const held = queue.run('held', () => new Promise<void>((done) => (release = done)));
  await withServer({ env: PROXY, overrides: { hashes } }, async (server) => {
    const signIn = async (from: string) => {
      const { email } = await aPerson(server, { password: PASSWORD, password_hash: cheapHash(PASSWORD) });
      const browser = openBrowser({ headers: { 'x-forwarded-for': from } });
      const page = await browser.follow(await browser.get(authorizationUrl(server.url)));
      return (await browser.submit(page, '/sign-in', { email, password: PASSWORD })).status;
    };
    const waiting = (count: number) => until(`${count} hashes wait`, () => entered >= count);
    await use({ server, signIn, waiting, release: () => release() });
  });
  await held;
}

/** The rows of the table in docs/security.md, in its order. */
const CASES: Record<string, () => Promise<void>> = {
  'An address guesses the secret of a client': () =>
    withServer({ env: { FAILURES_PER_MINUTE: '20', ...PROXY } }, async (server) => {
      const [client, other, from] = [await aClient(server), await aClient(server), anAddress()];
      const guesses: number[] = [];
      for (let n = 0; n < 22; n += 1) guesses.push(await ask(server, { from, client: withWrong(client) }));
      expect(guesses).toEqual([...Array(20).fill(401), 429, 429]);
      expect(await ask(server, { from, client })).toBe(429);
      expect(await ask(server, { from, client: other })).toBe(200);
      expect(await ask(server, { from: anAddress(), client })).toBe(200);
    }),

  'A hundred guesses at an `argon2id:` secret are sent at once': () =>
    withServer({ env: { FAILURES_PER_MINUTE: '20', ...PROXY } }, async (server) => {
      const [client, other, from] = [await aSlowClient(server), await aSlowClient(server), anAddress()];
      const guesses = Array.from({ length: 100 }, () => ask(server, { from, client: withWrong(client) }));
      expect(count(await Promise.all(guesses))).toEqual({ 401: 20, 429: 80 });
      expect(await ask(server, { from, client })).toBe(429);
      expect(await ask(server, { from, client: other })).toBe(200);
      expect(await ask(server, { from: anAddress(), client })).toBe(200);
    }),

  'An address sends more than `REQUESTS_PER_MINUTE` anonymous requests': () =>
    withServer({ env: { REQUESTS_PER_MINUTE: '10', ...PROXY } }, async (server) => {
      const [known, unseen, from] = [await aClient(server), await aClient(server), anAddress()];
      const anonymous = async (address: string) =>
        (await fetch(`${server.url}/auth/jwks`, { headers: { 'x-forwarded-for': address } })).status;
      expect(await ask(server, { from, client: known })).toBe(200);
      for (let n = 1; n < 10; n += 1) expect(await anonymous(from)).toBe(200);
      expect(await anonymous(from)).toBe(429);
      expect(await ask(server, { from, client: unseen })).toBe(429);
      expect(await ask(server, { from, client: known })).toBe(200);
      const elsewhere = anAddress();
      expect(await anonymous(elsewhere)).toBe(200);
      expect(await ask(server, { from: elsewhere, client: unseen })).toBe(200);
    }),

  'A client that has authenticated sends any number of requests': () =>
    withServer({ env: { REQUESTS_PER_MINUTE: '10', ...PROXY } }, async (server) => {
      const [client, neighbour, from] = [await aClient(server), await aClient(server), anAddress()];
      const statuses: number[] = [];
      for (let n = 0; n < 50; n += 1) statuses.push(await ask(server, { from, client }));
      expect(count(statuses)).toEqual({ 200: 50 });
      expect(await ask(server, { from, client: neighbour })).toBe(200);
    }),

  'An address presents secrets of made-up clients, while any client has an `argon2id:` secret': () =>
    withHeldQueue(async ({ server, signIn, waiting, release }) => {
      await aSlowClient(server);
      const from = anAddress();
      const madeUp = ['one', 'two', 'three'].map((name) =>
        ask(server, { from, client: { client_id: `made-up-${name}`, client_secret: 'x' } }),
      );
      await waiting(3);
      const elsewhere = signIn(anAddress());
      expect(await Promise.race(madeUp)).toBe(503);
      release();
      expect(await elsewhere).toBe(303);
      expect(count(await Promise.all(madeUp))).toEqual({ 401: 2, 503: 1 });
    }),

  'Addresses send more passwords than the machine can hash': () =>
    withHeldQueue(async ({ signIn, waiting, release }) => {
      const [busy, other] = [anAddress(), anAddress()];
      const many = [signIn(busy), signIn(busy), signIn(busy)];
      await waiting(3);
      const one = signIn(other);
      expect(await Promise.race(many)).toBe(503);
      release();
      expect(await one).toBe(303);
      expect(count(await Promise.all(many))).toEqual({ 303: 2, 503: 1 });
    }),
};

describe('who shuts out clients', () => {
  it('is the table in docs/security.md', () => {
    expect(rowsTestedBy('who-shuts-out-clients')).toEqual(Object.keys(CASES));
  });

  it.each(Object.entries(CASES))('%s', async (_name, check) => check(), 120_000);
});
