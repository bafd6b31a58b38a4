import { type Browser, openBrowser } from '../support/browsers/browser.ts';
import { aClientKey, type ClientKey, dpopProof } from '../support/clients/proofs.ts';
import { type Answer, DEMO_WEB, obtainCode, postForm, userinfo } from '../support/clients/relying-party.ts';
import { aClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const WEB = { client_id: DEMO_WEB.client_id, client_secret: DEMO_WEB.client_secret };

type Fields = Record<string, string>;

/** A request that somebody captured and sends again ends the grant (RFC 9700), whatever else is wrong with it by now. */
describe('a captured token request that is sent again', () => {
  let server: TestServer;
  let browser: Browser;
  let key: ClientKey;
  beforeAll(async () => {
    server = await startTestServer();
    browser = openBrowser();
    key = await aClientKey();
  });
  afterAll(() => server.close());

  const post = (fields: Fields, dpop?: string): Promise<Answer> =>
    postForm(`${server.url}/auth/token`, { ...WEB, ...fields }, dpop === undefined ? {} : { dpop });
  const proof = (claims = {}) => dpopProof(key, { htu: `${server.url}/auth/token` }, claims);
  const old = () => proof({ iat: Math.floor(Date.now() / 1000) - 360 });
  const codeFields = async () => ({
    grant_type: 'authorization_code',
    code: await obtainCode(server.url, {}, browser),
    redirect_uri: DEMO_WEB.redirect_uri,
  });
  const refreshFields = ({ body }: Answer) => ({
    grant_type: 'refresh_token',
    refresh_token: String(body.refresh_token),
  });
  const told = ({ status, body }: Answer) => ({
    status,
    error: body.error,
    description: body.error_description,
  });

  it('with a code that was used ends the grant, though its proof is old', async () => {
    const fields = await codeFields();
    const tokens = await post(fields, await proof());
    expect(told(await post(fields, await old()))).toEqual({
      status: 400,
      error: 'invalid_grant',
      description: 'Authorization code already used: its sign-in was ended',
    });
    expect(told(await post(refreshFields(tokens), await proof()))).toMatchObject({
      status: 400,
      description: 'Refresh token is not valid: its sign-in was ended',
    });
  });

  it('with a refresh token that was used ends the grant, though its proof is old', async () => {
    const first = await post(await codeFields(), await proof());
    const second = await post(refreshFields(first), await proof());
    const third = await post(refreshFields(second), await proof());
    expect(told(await post(refreshFields(first), await old()))).toEqual({
      status: 400,
      error: 'invalid_grant',
      description: 'Refresh token already used: its sign-in was ended',
    });
    expect(told(await post(refreshFields(third), await proof()))).toMatchObject({
      status: 400,
      description: 'Refresh token is not valid: its sign-in was ended',
    });
  });

  it('is told that its proof is old where nothing was used yet, and changes nothing', async () => {
    const fields = await codeFields();
    const tooOld = {
      status: 400,
      error: 'invalid_dpop_proof',
      description: 'DPoP proof iat is not recent enough',
    };
    expect(told(await post(fields, await old()))).toEqual(tooOld);
    const tokens = await post(fields, await proof());
    expect(told(await post(refreshFields(tokens), await old()))).toEqual(tooOld);
    expect((await post(refreshFields(tokens), await proof())).status).toBe(200);
  });
});

describe('a device whose client must bring proofs', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it('is told that its proof is old, and not that there is none', async () => {
    const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
    const { client_id } = await aClient(server, {
      type: 'public',
      redirect_uris: [],
      grant_types: [grant_type],
      require_dpop: true,
    });
    const key = await aClientKey();
    const asked = await postForm(`${server.url}/auth/device_authorization`, { client_id, scope: 'openid' });
    const htu = `${server.url}/auth/token`;
    const dpop = await dpopProof(key, { htu }, { iat: 1 });
    const fields = { grant_type, client_id, device_code: String(asked.body.device_code) };
    expect(await postForm(htu, fields, { dpop })).toMatchObject({
      status: 400,
      body: { error: 'invalid_dpop_proof', error_description: 'DPoP proof iat is not recent enough' },
    });
  });
});

describe('a grant whose end an admin has brought forward', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const tokensUntil = async (seconds: number) => {
    const code = await obtainCode(server.url);
    const fields = { grant_type: 'authorization_code', code, redirect_uri: DEMO_WEB.redirect_uri, ...WEB };
    const first = await postForm(`${server.url}/auth/token`, fields);
    const expires_at = new Date(Date.now() + seconds * 1000);
    return { first, end: () => server.database.knex('grants').update({ expires_at }) };
  };
  const refresh = ({ body }: Answer) =>
    postForm(`${server.url}/auth/token`, {
      grant_type: 'refresh_token',
      refresh_token: String(body.refresh_token),
      ...WEB,
    });

  it('gives nothing once it is over: not by its refresh token, nor by a replay, nor at userinfo', async () => {
    const { first, end } = await tokensUntil(-1);
    const second = await refresh(first);
    expect(second.status).toBe(200);
    await end();
    for (const answer of [await refresh(first), await refresh(second)])
      expect(answer).toMatchObject({ status: 400, body: { error_description: 'Refresh token expired' } });
    expect(await userinfo(server.url, String(second.body.access_token))).toMatchObject({
      status: 401,
      body: { error_description: 'What the access token was given for has ended' },
    });
  });

  it('gives no access token that lives for longer than it', async () => {
    const { first, end } = await tokensUntil(100);
    await end();
    const { status, body } = await refresh(first);
    expect(status).toBe(200);
    expect(body.expires_in).toBeGreaterThan(90);
    expect(body.expires_in).toBeLessThanOrEqual(100);
  });
});
