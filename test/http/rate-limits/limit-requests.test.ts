import {
  brief,
  DEMO_SPA,
  DEMO_WEB,
  postForm,
  postJson,
  statusAndError,
} from '../../support/clients/relying-party.ts';
import { aClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

/** A cheap hash of "a perfectly good password". */
const CHEAP_HASH =
  '$argon2id$v=19$m=8,t=1,p=1$wlENKvnXwBpdEiTcWH6Ukg$2VpBSng3l9qkDDH4mO6Zlm1xduFU4UepECa30GG1xEw';

describe('limits', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ env: { FAILURES_PER_MINUTE: '3', REQUESTS_PER_MINUTE: '40' } });
  });
  afterAll(() => server.close());

  const url = (path = '/auth/token') => `${server.url}${path}`;
  const asBasic = (name: string, secret = 'wrong') =>
    postForm(url(), {}, { authorization: `Basic ${btoa(`${name}:${secret}`)}` });
  const tooMany = {
    status: 429,
    body: {
      error: 'too_many_requests',
      error_description: expect.stringMatching(/^Too many attempts\. Try again in \d+ seconds?\.$/),
    },
  };

  it('refuse a client that failed to authenticate too often, however it spells its name and wherever it asks', async () => {
    const { client_id } = await aClient(server);
    const body = { client_id, client_secret: 'wrong' };
    const failures = [
      await asBasic(`%63${client_id.slice(1)}`),
      await postJson(url(), body),
      await postForm(url('/auth/introspect'), body),
    ];
    expect(failures.map(({ status }) => status)).toEqual([401, 401, 401]);
    for (const answer of [
      await asBasic(client_id),
      await asBasic(`${client_id.slice(0, -1)}%${client_id.slice(-1).charCodeAt(0).toString(16)}`),
      await postForm(url(), body),
      await postForm(url('/auth/revoke'), body),
      await postForm(url('/auth/par'), body),
    ]) {
      expect(brief(answer)).toEqual(tooMany);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
  });

  it('tell names apart however long they are', async () => {
    const long = 'c'.repeat(100);
    for (const status of [401, 401, 401, 429]) expect((await asBasic(`${long}1`)).status).toBe(status);
    expect((await asBasic(`${long}2`)).status).toBe(401);
  });

  it('do not shut out other clients at the same address, nor one that authenticates', async () => {
    const { client_id, client_secret } = DEMO_WEB;
    for (let n = 0; n < 5; n += 1) {
      expect(statusAndError(await asBasic(client_id, client_secret))).toEqual({
        status: 400,
        error: 'invalid_request',
      });
    }
  });

  it('refuse an address that asks too often, and leave the health checks alone', async () => {
    const answers: Response[] = [];
    for (let n = 0; n < 40; n += 1) answers.push(await fetch(url('/auth/jwks')));
    const last = answers.at(-1);
    expect(answers[0]?.status).toBe(200);
    expect({ status: last?.status, body: await last?.json() }).toEqual(tooMany);
    expect((await fetch(url('/healthz'))).status).toBe(200);
  });

  it('bind a public client, which anybody can claim to be, also if it sends an empty secret', async () => {
    const strict = await startTestServer({ env: { REQUESTS_PER_MINUTE: '6' } });
    try {
      const { client_id } = DEMO_SPA;
      const header = { authorization: `Basic ${btoa(`${client_id}:`)}` };
      const ask = async (body: Record<string, string>, headers = {}) =>
        (await postForm(`${strict.url}/auth/revoke`, { token: 'unknown', ...body }, headers)).status;
      const answers = [];
      for (let n = 0; n < 3; n += 1)
        answers.push(await ask({}, header), await ask({ client_id, client_secret: '' }));
      answers.push(await ask({}, header), await ask({ client_id, client_secret: '' }));
      expect(answers).toEqual([200, 200, 200, 200, 200, 200, 429, 429]);
    } finally {
      await strict.close();
    }
  });

  it('do not bind the requests of a client that has authenticated, and only its own', async () => {
    const { client_id, client_secret } = DEMO_WEB;
    const busy = await startTestServer({ env: { REQUESTS_PER_MINUTE: '5' } });
    try {
      const ask = (body: Record<string, string>) => postForm(`${busy.url}/auth/introspect`, body);
      const known = { token: 'unknown', client_id, client_secret };
      for (let n = 0; n < 20; n += 1) expect((await ask(known)).status).toBe(200);
      for (let n = 0; n < 4; n += 1) expect((await fetch(`${busy.url}/auth/jwks`)).status).toBe(200);
      expect((await fetch(`${busy.url}/auth/jwks`)).status).toBe(429);
      expect((await ask({ ...known, client_id: 'another' })).status).toBe(429);
      expect((await ask(known)).status).toBe(200);
    } finally {
      await busy.close();
    }
  });
});

it('a hundred guesses at a slow client secret, sent at once, are judged up to the limit, and a right one before is not counted', async () => {
  const server = await startTestServer({ env: { FAILURES_PER_MINUTE: '3' } });
  const { client_id } = await aClient(server);
  const digest = `argon2id:${CHEAP_HASH}`;
  await server.database.knex('client_secrets').where({ client_id }).update({ digest });
  const ask = (client_secret: string) =>
    postForm(`${server.url}/auth/introspect`, { token: 'unknown', client_id, client_secret });
  expect((await ask('a perfectly good password')).status).toBe(200);
  const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => ask(`guess ${n}`)));
  const count = (status: number) => answers.filter((answer) => answer.status === status).length;
  expect({ judged: count(401), refused: count(429) }).toEqual({ judged: 3, refused: 97 });
  await server.close();
});
