import { type Browser, openBrowser } from '../support/browsers/browser.ts';
import { aClientKey, dpopProof } from '../support/clients/proofs.ts';
import {
  type Answer,
  DEMO_SPA,
  DEMO_WEB,
  exchange,
  exchangeAsSpa,
  obtainCode,
  obtainTokens,
  postForm,
  refresh,
  signIn,
} from '../support/clients/relying-party.ts';
import { aClient, anInstance, aPerson, type TestClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { createRecorder, type Recorder } from './recorder.ts';

type Fields = Record<string, string>;
type Credentials = Pick<TestClient, 'client_id'> & { client_secret?: string };

/** A test sends hundreds of requests. */
const PATIENCE_MS = 120_000;

/**
 * The complete answers of introspection and revocation. The protocol library made the answers in this snapshot, and
 * our functions must make the same.
 */
describe('the answers of introspection and revocation', () => {
  let server: TestServer;
  let browser: Browser;
  let recorder: Recorder;
  let other: TestClient;
  let api: TestClient;
  let foreignApi: TestClient;
  beforeAll(async () => {
    server = await startTestServer();
    ({ browser } = await signIn(server.url));
    other = await aClient(server, { id: 'other' });
    api = await aClient(server, { id: 'api', may_introspect: true });
    const instance_id = await anInstance(server, { id: 'elsewhere' });
    foreignApi = await aClient(server, { id: 'foreign-api', may_introspect: true, instance_id });
  });
  beforeEach(() => {
    recorder = createRecorder(server, ['access-control-expose-headers', 'access-control-allow-credentials']);
  });
  afterAll(() => server.close());

  const ask = (endpoint: 'introspect' | 'revoke', token: string, more: Fields, as: Credentials) => {
    const { client_id, client_secret } = as;
    const secret = client_secret ? { client_secret } : {};
    return postForm(`${server.url}/auth/${endpoint}`, { token, client_id, ...secret, ...more });
  };
  const introspect = (token = '', as: Credentials = DEMO_WEB, more: Fields = {}) =>
    ask('introspect', token, more, as);
  const revoke = (token = '', as: Credentials = DEMO_WEB, more: Fields = {}) =>
    ask('revoke', token, more, as);
  const note = (name: string, answer: Promise<Answer>) => recorder.note(name, answer);
  const tokensOf = async ({ client_id, client_secret, redirect_uri }: TestClient, headers: Fields = {}) => {
    const code = await obtainCode(server.url, { client_id, redirect_uri }, browser);
    const fields = { grant_type: 'authorization_code', code, client_id, client_secret, redirect_uri };
    return (await postForm(`${server.url}/auth/token`, fields, headers)).body as Fields;
  };

  /** The answers about each token of a new sign-in. */
  const noteEachToken = async (more: Fields): Promise<Record<string, unknown>> => {
    recorder = createRecorder(server, ['access-control-expose-headers', 'access-control-allow-credentials']);
    const { access_token, refresh_token = '', id_token } = await obtainTokens(server.url, {}, browser);
    await note('an access token', introspect(access_token, DEMO_WEB, more));
    await note('a refresh token', introspect(refresh_token, DEMO_WEB, more));
    await note('an ID token', introspect(id_token, DEMO_WEB, more));
    await note('what is no token', introspect('x', DEMO_WEB, more));
    await note('nothing', introspect('', DEMO_WEB, more));
    await note('another signature', introspect(`${access_token.slice(0, -4)}AAAA`, DEMO_WEB, more));
    await note('of an API: an access token', introspect(access_token, api, more));
    await note('of an API: a refresh token', introspect(refresh_token, api, more));
    await note('of an API elsewhere: an access token', introspect(access_token, foreignApi, more));
    await note('of another client: an access token', introspect(access_token, other, more));
    await note('of another client: a refresh token', introspect(refresh_token, other, more));

    await note('nothing to revoke', revoke('', DEMO_WEB, more));
    for (const [name, token] of Object.entries({ access_token, refresh_token, id_token, nonsense: 'x' })) {
      await note(`${name}, revoked by another`, revoke(token, other, more));
      await note(`${name}, revoked by an API`, revoke(token, api, more));
      await note(`${name}, revoked by a public client`, revoke(token, DEMO_SPA, more));
    }
    await note('ID token, revoked', revoke(id_token, DEMO_WEB, more));
    await note('the access token after that', introspect(access_token));
    await note('the access token, revoked', revoke(access_token, DEMO_WEB, more));
    await note('the access token, revoked again', revoke(access_token, DEMO_WEB, more));
    await note('the revoked access token', introspect(access_token));
    const { body } = await refresh(server.url, refresh_token);
    await note('its refresh token', introspect(String(body.refresh_token)));
    await note('the refresh token, revoked', revoke(String(body.refresh_token), DEMO_WEB, more));
    await note('the refresh token, revoked again', revoke(String(body.refresh_token), DEMO_WEB, more));
    await note('the revoked refresh token', introspect(String(body.refresh_token)));
    await note('the access token of its grant', introspect(String(body.access_token)));
    await note('the access token of its grant, revoked', revoke(String(body.access_token)));
    return recorder.noted;
  };

  it(
    'are the same for each token, whatever the hint',
    async () => {
      const plain = await noteEachToken({});
      expect(plain).toMatchSnapshot();
      for (const token_type_hint of [
        'access_token',
        'refresh_token',
        'urn:ietf:params:oauth:token-type:access_token',
        'urn:ietf:params:oauth:token-type:refresh_token',
        'nonsense',
      ])
        expect(await noteEachToken({ token_type_hint })).toEqual(plain);
    },
    PATIENCE_MS,
  );

  it(
    'are the same for refresh tokens of before',
    async () => {
      const first = await obtainTokens(server.url, {}, browser);
      const second = (await refresh(server.url, first.refresh_token ?? '')).body as Fields;
      await note('the previous one', introspect(first.refresh_token));
      const third = (await refresh(server.url, second.refresh_token ?? '')).body as Fields;
      await note('the one before the previous', introspect(first.refresh_token));
      await note('the one before the previous, revoked', revoke(first.refresh_token));
      await note('the current one after that', introspect(third.refresh_token));
      const old = { rotated_at: new Date(Date.now() - 1000_000) };
      await server.database.knex('refresh_families').update(old);
      await note('the previous one, later', introspect(second.refresh_token));
      await note('the previous one, later, revoked', revoke(second.refresh_token));
      await note('the current one in the end', introspect(third.refresh_token));
      const again = (await refresh(server.url, third.refresh_token ?? '')).body as Fields;
      await note('the previous one, revoked', revoke(third.refresh_token));
      await note('the current one, ended', introspect(again.refresh_token));
      expect(recorder.noted).toMatchSnapshot();
    },
    PATIENCE_MS,
  );

  it(
    'are the same for tokens of other scopes',
    async () => {
      for (const scope of ['openid', 'openid email', 'profile', 'openid offline_access']) {
        const tokens = await obtainTokens(server.url, { scope }, browser);
        await note(`${scope}: access`, introspect(tokens.access_token));
        await note(`${scope}: refresh`, introspect(tokens.refresh_token));
      }
      expect(recorder.noted).toMatchSnapshot();
    },
    PATIENCE_MS,
  );

  it(
    'are the same for bound tokens',
    async () => {
      const [key, htu] = [await aClientKey(), `${server.url}/auth/token`];
      const dpop = await dpopProof(key, { htu });
      const confidential = await tokensOf(DEMO_WEB, { dpop });
      await note('access', introspect(confidential.access_token));
      await note('refresh', introspect(confidential.refresh_token));
      await note('access, of an API', introspect(confidential.access_token, api));
      const { body } = await exchangeAsSpa(server.url, { dpop: await dpopProof(key, { htu }) }, browser);
      await note('access of a page, of an API', introspect(String(body.access_token), api));
      await note('refresh of a page, revoked without its key', revoke(String(body.refresh_token), DEMO_SPA));
      await note('access of a page, ended', introspect(String(body.access_token), api));
      expect(recorder.noted).toMatchSnapshot();
    },
    PATIENCE_MS,
  );

  it(
    'are the same once a registration takes back what it gave',
    async () => {
      const changing = await aClient(server, { id: 'changing' });
      const { access_token, refresh_token } = await tokensOf(changing);
      const becomes = async (name: string, columns: object) => {
        await server.database.knex('clients').where({ id: 'changing' }).update(columns);
        server.services.registration.clear();
        await note(`${name}: access`, introspect(access_token, changing));
        await note(`${name}: access, of an API`, introspect(access_token, api));
        await note(`${name}: refresh`, introspect(refresh_token, changing));
      };
      await becomes('fewer scopes', { scopes: ['openid'] });
      await becomes('no refresh', { grant_types: ['authorization_code'] });
      await becomes('proofs', { grant_types: ['authorization_code', 'refresh_token'], require_dpop: true });
      await becomes('disabled', { require_dpop: false, disabled_at: new Date() });
      await note('revoked by a disabled client', revoke(access_token, changing));
      await becomes('enabled', { disabled_at: null });
      expect(recorder.noted).toMatchSnapshot();
    },
    PATIENCE_MS,
  );

  it(
    'are the same once the time or the person is over',
    async () => {
      const { knex } = server.database;
      const late = await obtainTokens(server.url, {}, browser);
      await knex('refresh_families').update({ expires_at: new Date(Date.now() - 1000) });
      await note('an expired refresh token', introspect(late.refresh_token));
      await note('an expired refresh token, revoked', revoke(late.refresh_token));
      await note('its access token', introspect(late.access_token));

      const person = await aPerson(server);
      const { callback } = await signIn(server.url, { person, browser: openBrowser() });
      const theirs = (await exchange(server.url, callback.get('code') ?? '')).body as Fields;
      await knex.raw('ALTER TABLE people DISABLE TRIGGER USER');
      await knex('people').where({ id: person.id }).update({ disabled_at: new Date() });
      await knex.raw('ALTER TABLE people ENABLE TRIGGER USER');
      await note('of a disabled person: access', introspect(theirs.access_token));
      await note('of a disabled person: refresh', introspect(theirs.refresh_token));
      await note('of a disabled person: access, of an API', introspect(theirs.access_token, api));
      await note('of a disabled person: refresh, revoked', revoke(theirs.refresh_token));
      await note('of a disabled person: access, revoked', revoke(theirs.access_token));

      const ended = await obtainTokens(server.url, {}, browser);
      await knex('grants').delete();
      await note('of an ended grant: access', introspect(ended.access_token));
      await note('of an ended grant: refresh', introspect(ended.refresh_token));
      await note('of an ended grant: access, revoked', revoke(ended.access_token));
      await note('of an ended grant: refresh, revoked', revoke(ended.refresh_token));
      expect(recorder.noted).toMatchSnapshot();
    },
    PATIENCE_MS,
  );

  it(
    'are the same for other methods',
    async () => {
      for (const endpoint of ['introspect', 'revoke'])
        for (const method of ['GET', 'PUT', 'HEAD', 'OPTIONS', 'DELETE'])
          for (const origin of ['http://127.0.0.1:9999', 'null']) {
            const headers = { origin, 'access-control-request-method': 'POST' };
            const response = await fetch(`${server.url}/auth/${endpoint}`, { method, headers });
            const text = await response.text();
            const answer = {
              status: response.status,
              headers: response.headers,
              body: JSON.parse(text || '{}'),
            };
            await note(`${method} ${endpoint} from ${origin}`, Promise.resolve(answer));
          }
      expect(recorder.noted).toMatchSnapshot();
    },
    PATIENCE_MS,
  );
});
