import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { decodeJwt, importJWK, SignJWT } from 'jose';
import { freePort } from '../../scripts/free-port.ts';
import { createLogger } from '../../src/platform/log/logger.ts';
import { type ConformanceServer, startConformanceServer } from '../conformance/start.ts';
import { type BrowserConfiguration, visitAsSuite } from '../conformance/suite-browser.ts';
import { type Chromium, launchChromium, type Visit } from '../support/browsers/chromium.ts';
import { aCertificate, type TestCertificate } from '../support/clients/certificates.ts';
import { aClientKey, type ClientKey, clientAssertion, dpopProof } from '../support/clients/proofs.ts';
import { pkce } from '../support/clients/relying-party.ts';
import { openTestDatabase } from '../support/databases/test-database.ts';
import { fetchOverTls } from '../support/servers/tls-proxy.ts';
import { until } from '../support/time/until.ts';

interface Configuration extends BrowserConfiguration {
  client: {
    client_id: string;
    client_secret: string;
    scope: string;
    jwks: { keys: [Record<string, string>] };
  };
  resource: { resourceUrl: string };
  mtls: { cert: string; key: string };
  mtls2: { cert: string; key: string };
}

const CALLBACK_PAGE =
  '<!doctype html><title>Suite</title><link rel="icon" href="data:,"><p id="submission_complete">Done</p>';

/** Its callback takes everything. */
let suite: Server;
let suiteAt: string;
const told: { path: string | undefined; type: string | undefined; token: string }[] = [];
let issuer: string;
let folder: string;
let server: ConformanceServer;
let chromium: Chromium;
let visit: Visit;
let ask: ReturnType<typeof fetchOverTls>;

beforeAll(async () => {
  const { pem: cert, privatePem: key } = aCertificate({ names: [{ kind: 'dns', value: 'localhost' }] });
  suite = createServer({ cert, key }, async (req, res) => {
    if (req.method === 'POST') {
      const fields = new URLSearchParams(await text(req));
      const type = req.headers['content-type'];
      told.push({ path: req.url, type, token: fields.get('logout_token') ?? '' });
    }
    res.writeHead(200, { 'content-type': 'text/html' }).end(CALLBACK_PAGE);
  });
  const suitePort = await freePort();
  suite.listen(suitePort, 'localhost');
  suiteAt = `https://localhost:${suitePort}`;
  issuer = `https://localhost:${await freePort()}`;
  folder = mkdtempSync(join(process.env.TEST_FOLDER ?? '', 'conformance-'));
  const suiteCertificate = join(folder, 'suite.pem');
  writeFileSync(suiteCertificate, `The suite's own\n${cert}`);
  server = await startConformanceServer({
    addresses: { issuer, suite: suiteAt, alias: 'listo' },
    host: 'localhost',
    folder,
    suiteCertificate,
    databaseUrl: process.env.TEST_DATABASE_URL ?? 'postgres://127.0.0.1/unused',
    database: await openTestDatabase(),
    logger: createLogger({
      level: 'fatal',
      destination: new Writable({ write: (_chunk, _to, done) => done() }),
    }),
  });
  ask = fetchOverTls(server.certificate);
  chromium = await launchChromium();
});
afterAll(async () => {
  await chromium.close();
  await server.close();
  suite.closeAllConnections();
  suite.close();
});

beforeEach(async () => {
  visit = await chromium.open({ ignoreHTTPSErrors: true });
});
afterEach(async () => {
  await visit.context.close();
  expect(visit.problems).toEqual([]);
});

const configurationOf = (plan: string): Configuration =>
  JSON.parse(readFileSync(join(folder, `${plan}.json`), 'utf8'));
const callbackOf = (plan: string) => `${suiteAt}/test/a/listo-${plan}/callback`;
const fetchWith = ({ cert, key }: { cert: string; key: string }) =>
  fetchOverTls(server.certificate, { pem: cert, privatePem: key } as TestCertificate);
const post = async (
  path: string,
  fields: Record<string, string>,
  { headers = {}, fetched = ask }: { headers?: Record<string, string>; fetched?: typeof ask } = {},
) => {
  const answer = await fetched(issuer + path, { method: 'POST', body: new URLSearchParams(fields), headers });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};

/** Signs in by the steps of a plan, and returns the parameters at the suite's callback. */
async function signIn(plan: string, parameters: Record<string, string>, module?: string) {
  const configuration = configurationOf(plan);
  const url = `${issuer}/auth/authorize?${new URLSearchParams({ client_id: configuration.client.client_id, ...parameters })}`;
  await visitAsSuite(visit.page, url, { configuration, ...(module ? { module } : {}) });
  return Object.fromEntries(new URL(visit.page.url()).searchParams);
}

describe('the server for the conformance suite', () => {
  const basic = { response_type: 'code', scope: 'openid profile email', state: 'the-state' };

  it('signs the person of its seed in by the steps of the plan Basic, with its client', async () => {
    const { client } = configurationOf('basic');
    const redirect_uri = callbackOf('basic');
    const { code = '', ...others } = await signIn('basic', { ...basic, redirect_uri });
    expect(others).toEqual({ state: 'the-state', iss: issuer });
    const { status, body } = await post('/auth/token', {
      grant_type: 'authorization_code',
      client_id: client.client_id,
      client_secret: client.client_secret,
      code,
      redirect_uri,
    });
    expect({ status, type: body.token_type }).toEqual({ status: 200, type: 'Bearer' });
  });

  it('shows the pages that modules wait for', async () => {
    const redirect_uri = callbackOf('basic');
    await signIn('basic', { ...basic, redirect_uri });
    await signIn('basic', { ...basic, redirect_uri, prompt: 'login' }, 'oidcc-prompt-login');
    await signIn(
      'basic',
      { ...basic, redirect_uri: `${suiteAt}/elsewhere` },
      'oidcc-ensure-registered-redirect-uri',
    );
    const configuration = configurationOf('rp-logout');
    const bad = new URLSearchParams({
      client_id: 'rp-logout-1',
      post_logout_redirect_uri: `${suiteAt}/elsewhere`,
    });
    await visitAsSuite(visit.page, `${issuer}/auth/logout?${bad}`, {
      configuration,
      module: 'oidcc-rp-initiated-logout-bad-post-logout-redirect-uri',
    });
    await visitAsSuite(visit.page, `${issuer}/auth/logout`, {
      configuration,
      module: 'oidcc-rp-initiated-logout-no-params',
    });
    expect(await visit.page.getByRole('heading').textContent()).toBe('You are signed out');
  });

  it('sends a logout token to the suite, whose certificate an option names', async () => {
    const plan = 'back-channel';
    const configuration = configurationOf(plan);
    const { client_id, client_secret } = configuration.client;
    const redirect_uri = callbackOf(plan);
    const { code = '' } = await signIn(plan, { ...basic, redirect_uri });
    const fields = { grant_type: 'authorization_code', client_id, client_secret, code, redirect_uri };
    const { body } = await post('/auth/token', fields);
    const logout = new URLSearchParams({
      id_token_hint: String(body.id_token),
      post_logout_redirect_uri: `${suiteAt}/test/a/listo-${plan}/post_logout_redirect`,
    });
    await visitAsSuite(visit.page, `${issuer}/auth/logout?${logout}`, { configuration });
    await until('the suite has heard', async () => told.length > 0);
    const [{ path, type, token } = {} as never] = told;
    expect({ path, type }).toEqual({
      path: `/test/a/listo-${plan}/backchannel_logout`,
      type: 'application/x-www-form-urlencoded;charset=UTF-8',
    });
    const { sub } = decodeJwt(String(body.id_token));
    expect(decodeJwt(token)).toMatchObject({ iss: issuer, aud: client_id, sub });
  });

  /** Pushes a request, signs in by the plan's steps, and exchanges the code, with a proof or a certificate. */
  async function tokenFor(
    plan: string,
    scope: string,
    { fetched = ask, dpop }: { fetched?: typeof ask; dpop?: string },
  ): Promise<string> {
    const { client } = configurationOf(plan);
    const [jwk] = client.jwks.keys;
    const key = { alg: 'PS256', privateKey: await importJWK(jwk, 'PS256'), publicJwk: { kid: jwk.kid } };
    const proves = () => clientAssertion(key as ClientKey, { clientId: client.client_id, audience: issuer });
    const { code_verifier, ...challenge } = pkce();
    const redirect_uri = callbackOf(plan);
    const pushed = await post('/auth/par', {
      ...{ client_id: client.client_id, response_type: 'code', redirect_uri, scope, state: 's' },
      ...challenge,
      ...(await proves()),
    });
    const { code = '' } = await signIn(plan, { request_uri: String(pushed.body.request_uri) });
    const fields = { grant_type: 'authorization_code', code, redirect_uri, code_verifier };
    const { status, body } = await post(
      '/auth/token',
      { ...fields, ...(await proves()) },
      { headers: dpop === undefined ? {} : { dpop }, fetched },
    );
    expect({ status, type: body.token_type }).toEqual({ status: 200, type: dpop ? 'DPoP' : 'Bearer' });
    return String(body.access_token);
  }

  async function signInWithProof(plan: string, scope: string) {
    const mine = await aClientKey();
    const dpop = await dpopProof(mine, { htu: `${issuer}/auth/token` });
    const accessToken = await tokenFor(plan, scope, { dpop });
    return async (url: string, proof: ClientKey | undefined = mine) => {
      const dpop = await dpopProof(proof, { htm: 'GET', htu: url, accessToken });
      return (await ask(url, { headers: { authorization: `DPoP ${accessToken}`, dpop } })).status;
    };
  }

  it('signs in by the steps of FAPI 2.0 with private_key_jwt and DPoP, up to userinfo', async () => {
    const { client, resource } = configurationOf('fapi2-dpop-openid');
    const call = await signInWithProof('fapi2-dpop-openid', client.scope);
    expect({
      own: await call(resource.resourceUrl),
      other: await call(resource.resourceUrl, await aClientKey()),
    }).toEqual({ own: 200, other: 401 });
  });

  it('signs in by the steps of FAPI 2.0 with private_key_jwt and mTLS, up to userinfo and the resource', async () => {
    for (const plan of ['fapi2-mtls-openid', 'fapi2-mtls-oauth']) {
      const { client, resource, mtls, mtls2 } = configurationOf(plan);
      const [own, other] = [fetchWith(mtls), fetchWith(mtls2)];
      const headers = { authorization: `Bearer ${await tokenFor(plan, client.scope, { fetched: own })}` };
      const statuses = [own, other, ask].map(
        async (by) => (await by(resource.resourceUrl, { headers })).status,
      );
      expect({ plan, statuses: await Promise.all(statuses) }).toEqual({ plan, statuses: [200, 401, 401] });
    }
  });

  it('has a resource for plain OAuth, which refuses another key', async () => {
    const { client, resource } = configurationOf('fapi2-dpop-oauth');
    expect(client.scope).toBe('profile email');
    const call = await signInWithProof('fapi2-dpop-oauth', client.scope);
    expect({
      own: await call(resource.resourceUrl),
      other: await call(resource.resourceUrl, await aClientKey()),
    }).toEqual({ own: 200, other: 401 });
  });

  it.each(['signing-dpop-openid', 'signing-mtls-oauth'])(
    'takes a signed request of FAPI 2.0 Message Signing, and answers with a JWT: %s',
    async (plan) => {
      const { client } = configurationOf(plan);
      const [jwk] = client.jwks.keys;
      const privateKey = await importJWK(jwk, 'PS256');
      const { code_challenge, code_challenge_method } = pkce();
      const claims = {
        response_type: 'code',
        redirect_uri: callbackOf(plan),
        scope: client.scope,
        state: 's',
      };
      const request = await new SignJWT({
        ...{
          ...claims,
          client_id: client.client_id,
          response_mode: 'jwt',
          code_challenge,
          code_challenge_method,
        },
      })
        .setProtectedHeader({ alg: 'PS256', kid: String(jwk.kid) })
        .setIssuer(client.client_id)
        .setAudience(issuer)
        .setNotBefore('0s')
        .setExpirationTime('5m')
        .sign(privateKey);
      const key = { alg: 'PS256', privateKey, publicJwk: { kid: jwk.kid } } as ClientKey;
      const proof = await clientAssertion(key, { clientId: client.client_id, audience: issuer });
      const pushed = await post('/auth/par', { client_id: client.client_id, request, ...proof });
      expect(pushed.status).toBe(201);
      const { response = '', ...others } = await signIn(plan, {
        request_uri: String(pushed.body.request_uri),
      });
      expect(others).toEqual({});
      expect(decodeJwt(response)).toMatchObject({ iss: issuer, aud: client.client_id, state: 's' });
    },
  );

  it('goes back to the suite when the person cancels', async () => {
    const module = 'fapi2-security-profile-final-user-rejects-authentication';
    const answer = await signIn('basic', { ...basic, redirect_uri: callbackOf('basic') }, module);
    expect(answer.error).toBe('access_denied');
  });
});
