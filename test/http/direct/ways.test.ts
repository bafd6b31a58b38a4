import { jest } from '@jest/globals';
import { aClientKey, clientAssertion, dpopProof } from '../../support/clients/proofs.ts';
import {
  type Answer,
  brief,
  DEMO_WEB,
  exchange,
  getJson,
  obtainCode,
  obtainTokens,
  postForm,
  refresh,
} from '../../support/clients/relying-party.ts';
import {
  askToken,
  DEMO_BASIC,
  DEMO_SERVICE,
  ISSUE_TOKEN,
  JWKS,
} from '../../support/clients/token-provider.ts';
import { aClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { openWay, WAYS, type Way } from './two-ways.ts';

const WEB = { client_id: DEMO_WEB.client_id, client_secret: DEMO_WEB.client_secret };

/** How often requests of each endpoint took each way. */
async function waysTaken({ services }: TestServer): Promise<Record<string, number>> {
  const metric = await services.metrics.registry.getSingleMetric('listo_hot_requests_total')?.get();
  const values = metric?.values ?? [];
  return Object.fromEntries(values.map(({ labels, value }) => [`${labels.endpoint} ${labels.way}`, value]));
}

describe('the way of a request', () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await startTestServer({ env: { DIRECT: 'all' } });
  });
  afterEach(() => server.close());

  it('is the short one for what is plain', async () => {
    const tokens = await obtainTokens(server.url);
    await refresh(server.url, tokens.refresh_token ?? '');
    await getJson(`${server.url}/auth/userinfo`, { authorization: `Bearer ${tokens.access_token}` });
    await postForm(`${server.url}/auth/introspect`, { ...WEB, token: tokens.access_token });
    await askToken(server, DEMO_BASIC, { client_id: DEMO_SERVICE.id, subject: 'somebody' });
    await getJson(server.url + JWKS);
    expect(await waysTaken(server)).toEqual({
      '/auth/token short': 2,
      '/auth/userinfo short': 1,
      '/auth/introspect short': 1,
      [`${ISSUE_TOKEN} short`]: 1,
      [`${JWKS} short`]: 1,
    });
  });

  it('is the long one for everything else, which is counted by its reason', async () => {
    const key = await aClientKey();
    const signing = await aClient(server, { jwks: { keys: [key.publicJwk] } });
    const at = `${server.url}/auth/token`;
    const refreshing = { grant_type: 'refresh_token', refresh_token: 'x' };
    await postForm(at, { ...WEB, ...refreshing }, { dpop: await dpopProof(key, { htu: at }) });
    await postForm(at, {
      ...refreshing,
      ...(await clientAssertion(key, { clientId: signing.client_id, audience: server.url })),
    });
    await postForm(at, { ...WEB, ...refreshing }, { 'content-encoding': 'gzip' });
    await postForm(at, { ...WEB, grant_type: 'client_credentials' });
    await fetch(at, { method: 'POST', body: 'grant_type=refresh_token' });
    await getJson(`${server.url}/auth/userinfo`);
    await getJson(`${server.url}/auth/jwks`);
    expect(await waysTaken(server)).toEqual({
      '/auth/token proof': 1,
      '/auth/token authentication': 1,
      '/auth/token head': 1,
      '/auth/token body': 2,
      '/auth/userinfo authentication': 1,
      '/auth/jwks unpublished': 1,
    });
  });

  it('is the configured one', async () => {
    const way = await openWay(server, ['refresh']);
    const at = `http://localhost:${way.port}`;
    const code = await obtainCode(server.url);
    const tokens = (await exchange(at, code)).body as Record<string, string>;
    await refresh(at, tokens.refresh_token ?? '');
    await getJson(`${at}/auth/userinfo`, { authorization: `Bearer ${tokens.access_token}` });
    expect(await waysTaken(server)).toEqual({
      '/auth/token off': 1,
      '/auth/token short': 1,
      '/auth/userinfo off': 1,
    });
    await way.close();
  });
});

describe.each(Object.keys(WAYS) as (keyof typeof WAYS)[])('by the %s way', (name) => {
  let server: TestServer;
  let way: Way;
  let url: string;
  const open = async (env: Record<string, string> = {}) => {
    server = await startTestServer({ env });
    way = await openWay(server, WAYS[name]);
    url = `http://localhost:${way.port}`;
  };
  afterEach(async () => {
    await way.close();
    await server.close();
  });

  /** Makes the next signatures of this key set fail. */
  const breakSignatures = () => {
    const { current } = server.services.keyRings.oidc;
    return jest.spyOn(current, 'sign').mockRejectedValue(new Error('no signature today'));
  };
  const OURS = {
    status: 500,
    body: {
      error: 'server_error',
      error_description: 'Something went wrong on our side. It has been recorded.',
    },
  };
  const rows = async () => ({
    grants: (await server.database.knex('grants').select('id')).length,
    families: await server.database.knex('refresh_families').pluck('sequence'),
    used: await server.database
      .knex('artifacts')
      .where({ model: 'AuthorizationCode' })
      .whereNotNull('consumed_at')
      .pluck('model'),
  });
  const errors = () =>
    server
      .logLines()
      .filter(({ level }) => level === 'error')
      .map(({ err, msg }) => [msg, (err as Error).message]);

  it('a signature that fails at an exchange ends nothing, and the server does not present the code again', async () => {
    await open();
    const code = await obtainCode(server.url);
    const broken = breakSignatures();
    expect(brief(await exchange(url, code))).toEqual(OURS);
    expect(broken).toHaveBeenCalledTimes(1);
    broken.mockRestore();
    expect(errors()).toEqual([['unexpected error', 'no signature today']]);
    expect(await rows()).toEqual({ grants: 1, families: [0], used: ['AuthorizationCode'] });
    const again = await exchange(url, code);
    expect(again.body.error_description).toBe('Authorization code already used: its sign-in was ended');
  });

  it.each([0, 120])(
    'a signature that fails at a refresh ends nothing, with a window of %i s',
    async (refresh_replay_window_seconds) => {
      await open();
      const { redirect_uri, ...client } = await aClient(server, { refresh_replay_window_seconds });
      const code = await obtainCode(server.url, { client_id: client.client_id, redirect_uri });
      const { refresh_token: token = '' } = (await exchange(server.url, code, { ...client, redirect_uri }))
        .body as Record<string, string>;
      const broken = breakSignatures();
      expect(brief(await refresh(url, token, client))).toEqual(OURS);
      expect(broken).toHaveBeenCalledTimes(1);
      broken.mockRestore();
      expect(await rows()).toEqual({ grants: 1, families: [1], used: ['AuthorizationCode'] });
      const again = await refresh(url, token, client);
      const [expected, left] = refresh_replay_window_seconds === 0 ? [400, 0] : [200, 1];
      expect(again.status).toBe(expected);
      expect((await rows()).grants).toBe(left);
    },
  );

  it('a signature that fails at LiSTNR is our fault, and the next one succeeds', async () => {
    await open();
    const { current } = server.services.keyRings.listnr;
    const broken = jest.spyOn(current, 'sign').mockRejectedValue(new Error('no signature today'));
    const ask = () => askToken({ url }, DEMO_BASIC, { client_id: DEMO_SERVICE.id, subject: 'somebody' });
    expect(brief(await ask())).toEqual(OURS);
    broken.mockRestore();
    expect((await ask()).status).toBe(200);
  });

  it('requests are limited alike: those of strangers, of clients that fail, and of tokens', async () => {
    await open({ REQUESTS_PER_MINUTE: '6', FAILURES_PER_MINUTE: '2' });
    const { access_token, refresh_token = '' } = await obtainTokens(server.url);
    const token = (more: Record<string, string>) =>
      postForm(`${url}/auth/token`, { grant_type: 'refresh_token', refresh_token, ...more });
    const said = async (answer: Promise<Answer>) => {
      const { status, headers, body } = await answer;
      return [status, body.error ?? 'no error', headers.get('retry-after') !== null];
    };
    const userinfo = () =>
      getJson(`${url}/auth/userinfo`, {
        authorization: `Bearer ${access_token}`,
        origin: 'http://a.example',
      });
    // A request that succeeds with a token does not count.
    for (let n = 0; n < 10; n += 1)
      await getJson(`${url}/auth/userinfo`, { authorization: `Bearer ${access_token}` });
    const answers = [];
    for (let n = 0; n < 3; n += 1) answers.push(await said(token({ ...WEB, client_secret: 'wrong' })));
    answers.push(await said(token({ client_id: 'nobody' })));
    for (let n = 0; n < 8; n += 1) answers.push(await said(userinfo()));
    const wrong = [401, 'invalid_client', false];
    const refused = [429, 'too_many_requests', true];
    expect(answers).toEqual([wrong, wrong, refused, wrong, ...Array(8).fill(refused)]);
    const page = await fetch(`${url}/auth/userinfo`, { headers: { accept: 'text/html' } });
    expect({ status: page.status, type: page.headers.get('content-type') }).toEqual({
      status: 429,
      type: 'text/html; charset=utf-8',
    });
  });
});
