import { type Browser, openBrowser } from '../support/browsers/browser.ts';
import { aClientKey, type ClientKey, dpopProof } from '../support/clients/proofs.ts';
import {
  type Answer,
  DEMO_SPA,
  DEMO_WEB,
  exchange,
  exchangeAsSpa,
  obtainCode,
  obtainTokens,
  postForm,
  signIn,
  type Tokens,
} from '../support/clients/relying-party.ts';
import { aClient, aPerson } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { createRecorder, type Recorder } from './recorder.ts';

type Fields = Record<string, string>;

const WEB = { client_id: DEMO_WEB.client_id, client_secret: DEMO_WEB.client_secret };
const ORIGIN = new URL(DEMO_SPA.redirect_uri).origin;

/**
 * The complete answers of userinfo: status, body and headers. The protocol library made the answers in this snapshot,
 * and our function must make the same.
 */
describe('the answers of userinfo', () => {
  let server: TestServer;
  let browser: Browser;
  let tokens: Tokens;
  let key: ClientKey;
  let otherKey: ClientKey;
  let recorder: Recorder;
  beforeAll(async () => {
    server = await startTestServer();
    ({ browser } = await signIn(server.url));
    tokens = await obtainTokens(server.url, {}, browser);
    [key, otherKey] = [await aClientKey(), await aClientKey()];
  });
  beforeEach(() => {
    recorder = createRecorder(server, ['access-control-expose-headers', 'access-control-allow-credentials']);
  });
  afterAll(() => server.close());

  const note = (name: string, answer: Promise<Answer>) => recorder.note(name, answer);
  const ask = async (headers: Fields, { query = '', method = 'GET' } = {}): Promise<Answer> => {
    const response = await fetch(`${server.url}/auth/userinfo${query}`, { method, headers });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
  };
  const bearer = (token: string, more: Fields = {}) => ({ authorization: `Bearer ${token}`, ...more });
  const post = (fields: Fields, headers: Fields = {}) =>
    postForm(`${server.url}/auth/userinfo`, fields, headers);
  const proofOf = (by: ClientKey, accessToken: string | undefined, claims = {}, more = {}) =>
    dpopProof(
      by,
      { htm: 'GET', htu: `${server.url}/auth/userinfo`, ...(accessToken ? { accessToken } : {}), ...more },
      claims,
    );

  it('are the same for each way to present a token', async () => {
    const { access_token } = tokens;
    await note('GET', ask(bearer(access_token)));
    await note('POST', ask(bearer(access_token), { method: 'POST' }));
    await note('the body', post({ access_token }));
    await note('a small letter', ask({ authorization: `bearer ${access_token}` }));
    await note('header and body', post({ access_token }, bearer(access_token)));
    await note('the query', ask({}, { query: `?access_token=${access_token}` }));
    await note('header and query', ask(bearer(access_token), { query: `?access_token=${access_token}` }));
    await note('nothing', ask({}));
    await note('an empty token', ask({ authorization: 'Bearer ' }));
    await note('an empty body', post({}));
    await note('a token twice', ask({ authorization: `Bearer ${access_token} ${access_token}` }));
    await note('another scheme', ask({ authorization: `Basic ${btoa('a:b')}` }));
    await note('the token without a scheme', ask({ authorization: access_token }));
    await note('DPoP without a proof', ask({ authorization: `DPoP ${access_token}` }));
    expect(recorder.noted).toMatchSnapshot();
  });

  it('are the same for other tokens', async () => {
    const { access_token, id_token, refresh_token = '' } = tokens;
    await note('an ID token', ask(bearer(id_token)));
    await note('a refresh token', ask(bearer(refresh_token)));
    await note('what is no token', ask(bearer('x')));
    await note('a token with another signature', ask(bearer(`${access_token.slice(0, -4)}AAAA`)));
    const revoked = await obtainTokens(server.url, {}, browser);
    await postForm(`${server.url}/auth/revoke`, { token: revoked.access_token, ...WEB });
    await note('a revoked token', ask(bearer(revoked.access_token)));
    const ended = await obtainTokens(server.url, {}, browser);
    await postForm(`${server.url}/auth/revoke`, { token: ended.refresh_token ?? '', ...WEB });
    await note('a token whose grant has ended', ask(bearer(ended.access_token)));
    expect(recorder.noted).toMatchSnapshot();
  });

  it.each([
    ['openid', 'openid'],
    ['openid and profile', 'openid profile'],
    ['openid and email', 'openid email'],
    ['no openid', 'profile'],
  ])('are the same for a token of %s', async (_what, scope) => {
    const { access_token } = await obtainTokens(server.url, { scope }, browser);
    await note('all', ask(bearer(access_token)));
    await note('fewer', ask(bearer(access_token), { query: '?scope=openid' }));
    await note('more', ask(bearer(access_token), { query: '?scope=openid+email+other' }));
    await note('invalid', ask(bearer(access_token), { query: '?scope=a%22b' }));
    await note('twice', ask(bearer(access_token), { query: '?scope=openid&scope=email' }));
    await note('empty', ask(bearer(access_token), { query: '?scope=' }));
    expect(recorder.noted).toMatchSnapshot();
  });

  it('are the same with DPoP proofs', async () => {
    const code = await obtainCode(server.url, {}, browser);
    const fields = { grant_type: 'authorization_code', code, redirect_uri: DEMO_WEB.redirect_uri, ...WEB };
    const dpop = await dpopProof(key, { htu: `${server.url}/auth/token` });
    const { body } = await postForm(`${server.url}/auth/token`, fields, { dpop });
    const token = String(body.access_token);
    const bound = async (proof: Promise<string>) =>
      ask({ authorization: `DPoP ${token}`, dpop: await proof });
    await note('a proof', bound(proofOf(key, token)));
    const used = await proofOf(key, token);
    await note('a proof, once', bound(Promise.resolve(used)));
    await note('a proof, again', bound(Promise.resolve(used)));
    await note('no proof', ask({ authorization: `DPoP ${token}` }));
    await note('as a bearer token', ask(bearer(token)));
    await note('as a bearer token with a proof', ask(bearer(token, { dpop: await proofOf(key, token) })));
    await note('a proof of another key', bound(proofOf(otherKey, token)));
    await note('a proof of no token', bound(proofOf(key, undefined)));
    await note('a proof of another token', bound(proofOf(key, 'another')));
    await note('a proof of POST', bound(proofOf(key, token, {}, { htm: 'POST' })));
    await note('a proof for elsewhere', bound(proofOf(key, token, { htu: 'http://a/' })));
    await note('an old proof', bound(proofOf(key, token, { iat: 1 })));
    await note('what is no proof', bound(Promise.resolve('x.y.z')));
    await note(
      'a token that is not bound',
      ask({
        authorization: `DPoP ${tokens.access_token}`,
        dpop: await proofOf(key, tokens.access_token),
      }),
    );
    await note(
      'a token that is not bound, as a bearer token',
      ask(bearer(tokens.access_token, { dpop: await proofOf(key, tokens.access_token) })),
    );
    expect(recorder.noted).toMatchSnapshot();
  });

  it('are the same from the pages of an application, and from others', async () => {
    const { body } = await exchangeAsSpa(server.url, { origin: ORIGIN }, browser);
    const token = String(body.access_token);
    for (const origin of [ORIGIN, 'https://elsewhere.example', 'null']) {
      await note(`from ${origin}`, ask(bearer(token, { origin })));
      await note(`what is no token, from ${origin}`, ask(bearer('x', { origin })));
      await note(`nothing, from ${origin}`, ask({ origin }));
    }
    await postForm(`${server.url}/auth/revoke`, { token, client_id: DEMO_SPA.client_id });
    await note('a revoked token', ask(bearer(token, { origin: ORIGIN })));
    await note(
      'a preflight',
      ask({ origin: ORIGIN, 'access-control-request-method': 'GET' }, { method: 'OPTIONS' }),
    );
    expect(recorder.noted).toMatchSnapshot();
  });

  it('are the same once the person or the client is over', async () => {
    const { knex } = server.database;
    const person = await aPerson(server);
    const { callback } = await signIn(server.url, { person, browser: openBrowser() });
    const theirs = (await exchange(server.url, callback.get('code') ?? '')).body as Fields;
    await knex.raw('ALTER TABLE people DISABLE TRIGGER USER');
    await knex('people').where({ id: person.id }).update({ disabled_at: new Date() });
    await knex.raw('ALTER TABLE people ENABLE TRIGGER USER');
    await note('a disabled person', ask(bearer(theirs.access_token ?? '')));

    const client = await aClient(server);
    const { redirect_uri, ...credentials } = client;
    const code = await obtainCode(server.url, { client_id: client.client_id, redirect_uri }, browser);
    const fields = { grant_type: 'authorization_code', code, redirect_uri, ...credentials };
    const { body } = await postForm(`${server.url}/auth/token`, fields);
    await knex('clients').where({ id: client.client_id }).update({ disabled_at: new Date() });
    server.services.registration.clear();
    await note('a disabled client', ask(bearer(String(body.access_token))));
    expect(recorder.noted).toMatchSnapshot();
  });
});
