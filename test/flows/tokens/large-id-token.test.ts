import { decodeJwt } from 'jose';
import { openBrowser, redirectOf } from '../../support/browsers/browser.ts';
import { sendHttp } from '../../support/clients/raw-http.ts';
import {
  authorizationUrl,
  brief,
  exchange,
  signIn,
  type Tokens,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { askToken, DEMO_APP } from '../../support/clients/token-provider.ts';
import {
  aClient,
  aPerson,
  type TestClient,
  type TestPerson,
  withManyUserRecords,
} from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

const AFTER = 'http://127.0.0.1:9999/signed-out';

describe('a person with 130 user records', () => {
  let server: TestServer;
  let client: TestClient;
  let person: TestPerson;
  beforeAll(async () => {
    server = await startTestServer();
    client = await aClient(server, {
      id: 'client_many_records',
      post_logout_redirect_uris: [AFTER],
    });
    person = await withManyUserRecords(server, await aPerson(server));
  });
  afterAll(() => server.close());

  async function signedIn(application: TestClient = client) {
    const { client_id, redirect_uri } = application;
    const { browser, callback } = await signIn(server.url, {
      browser: openBrowser(),
      person,
      parameters: { client_id, redirect_uri },
    });
    const { body } = await exchange(server.url, callback.get('code') ?? '', { ...application });
    return { browser, tokens: body as unknown as Tokens };
  }

  it('has an ID token of more than 16 kB, which the log warns of without saying it', async () => {
    const { tokens } = await signedIn();
    expect(tokens.id_token.length).toBeGreaterThan(16_384);
    expect(decodeJwt(tokens.id_token).userIds).toHaveLength(130);
    const warnings = server.logLines().filter(({ level }) => level === 'warn');
    expect(warnings.map(({ time: _time, ...line }) => line)).toEqual([
      {
        level: 'warn',
        typ: 'JWT',
        aud: client.client_id,
        sub: person.id,
        bytes: tokens.id_token.length,
        msg: 'A token is larger than 8 kB: proxies and servers may refuse the header or address that it comes in.',
      },
    ]);
    expect((await userinfo(server.url, tokens.access_token)).body.userIds).toHaveLength(130);
  });

  it('gets a LiSTNR token for it', async () => {
    const { tokens } = await signedIn({
      client_id: 'client_demo_web',
      client_secret: 'demo-web-secret-not-for-production-0001',
      redirect_uri: 'http://127.0.0.1:9999/callback',
    });
    expect(tokens.id_token.length).toBeGreaterThan(16_384);
    const answer = await askToken(server, `Bearer ${tokens.id_token}`, { client_id: DEMO_APP });
    expect(brief(answer)).toEqual({
      status: 200,
      body: { access_token: expect.any(String), token_type: 'Bearer', expires_in: 900 },
    });
  });

  it.each(['GET', 'POST'])('can be hinted at in an authorization request by %s', async (method) => {
    const { browser, tokens } = await signedIn();
    const url = new URL(
      authorizationUrl(server.url, {
        client_id: client.client_id,
        redirect_uri: client.redirect_uri,
        prompt: 'none',
        id_token_hint: tokens.id_token,
      }),
    );
    let target = `${url.pathname}${url.search}`;
    if (method === 'POST') {
      const repeated = await sendHttp(server.port, {
        method,
        path: url.pathname,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: url.search.slice(1),
      });
      expect(repeated.status).toBe(303);
      target = repeated.headers.location ?? '';
    }
    const page = await browser.get(`${server.url}${target}`);
    expect(page.location).toMatch(new RegExp(`^${client.redirect_uri}\\?code=`));
  });

  it('signs in while another application hints at them', async () => {
    const { tokens } = await signedIn();
    const { callback } = await signIn(server.url, {
      browser: openBrowser(),
      person,
      parameters: {
        client_id: client.client_id,
        redirect_uri: client.redirect_uri,
        id_token_hint: tokens.id_token,
      },
    });
    expect(callback.get('code')).toEqual(expect.any(String));
  });

  it('is signed out by whoever proves with it who is signed in', async () => {
    const { browser, tokens } = await signedIn();
    const page = await browser.get(
      `${server.url}/auth/logout?${new URLSearchParams({ id_token_hint: tokens.id_token, post_logout_redirect_uri: AFTER })}`,
    );
    expect(redirectOf(page)).toEqual({ status: 303, location: AFTER });
    expect((await userinfo(server.url, tokens.access_token)).status).toBe(401);
  });
});
