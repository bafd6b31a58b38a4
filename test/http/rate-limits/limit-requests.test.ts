import { aClient } from '../../support/factories.ts';
import { brief, DEMO_WEB, postForm, postJson, statusAndError } from '../../support/relying-party.ts';
import { startTestServer, type TestServer } from '../../support/test-server.ts';

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
});
