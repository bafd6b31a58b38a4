import { createRemoteJWKSet, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose';
import { type Browser, openBrowser, type Page } from '../../support/browsers/browser.ts';
import { exchange, explainedAt, postForm, refused, signIn } from '../../support/clients/relying-party.ts';
import { aClient } from '../../support/registrations/factories.ts';
import { runJob } from '../../support/servers/run-job.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

const REDIRECT_URI = 'http://127.0.0.1:9999/callback?kept=1';

let server: TestServer;
let browser: Browser;
beforeAll(async () => {
  server = await startTestServer();
  ({ browser } = await signIn(server.url));
});
afterAll(() => server.close());

const authorize = (client_id: string, parameters: Record<string, string> = {}) => {
  const all = { client_id, response_type: 'code', redirect_uri: REDIRECT_URI, scope: 'openid', state: 's' };
  return `${server.url}/auth/authorize?${new URLSearchParams({ ...all, ...parameters })}`;
};

/** The answer as it reached the client. */
function answerOf({ status, location, html }: Page): { by: string; answer: Record<string, string> } {
  if (location === undefined) {
    const inputs = [...html.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, ...pair]) => pair);
    return { by: `form ${status}`, answer: Object.fromEntries(inputs) };
  }
  const { hash, searchParams } = new URL(location);
  const [by, parameters] =
    hash === '' ? ['query', searchParams] : ['fragment', new URLSearchParams(hash.slice(1))];
  const { kept: _kept, ...answer } = Object.fromEntries(parameters);
  return { by, answer };
}

/** The members of a signed answer, verified as a client does (JARM section 2.4). */
async function verified(
  response: string | undefined,
  client_id: string,
): Promise<{ alg: unknown; payload: JWTPayload }> {
  const keys = createRemoteJWKSet(new URL(`${server.url}/auth/jwks`));
  const { payload } = await jwtVerify(response ?? '', keys, { issuer: server.url, audience: client_id });
  return { alg: decodeProtectedHeader(response ?? '').alg, payload };
}

describe('a signed answer (JARM)', () => {
  it.each([
    ['jwt', 'query'],
    ['query.jwt', 'query'],
    ['fragment.jwt', 'fragment'],
    ['form_post.jwt', 'form 200'],
  ])('%s comes by the %s, and the code in it works', async (response_mode, by) => {
    const client = await aClient(server, { redirect_uris: [REDIRECT_URI] });
    const { client_id } = client;
    const before = Math.floor(Date.now() / 1000);
    const found = answerOf(await browser.get(authorize(client_id, { response_mode })));
    expect({ by: found.by, members: Object.keys(found.answer) }).toEqual({ by, members: ['response'] });
    const { alg, payload } = await verified(found.answer.response, client_id);
    const { code, exp = 0, ...others } = payload;
    expect({ alg, ...others }).toEqual({ alg: 'RS256', state: 's', iss: server.url, aud: client_id });
    expect(exp - before).toBeGreaterThanOrEqual(120);
    expect(exp - Date.now() / 1000).toBeLessThanOrEqual(120);
    const { status } = await exchange(server.url, String(code), { ...client });
    expect(status).toBe(200);
  });

  it.each([
    ['jwt', 'query'],
    ['fragment.jwt', 'fragment'],
    ['form_post.jwt', 'form 400'],
  ])('%s is the answer to a wrong request, too, by the %s', async (response_mode, by) => {
    const { client_id } = await aClient(server, { redirect_uris: [REDIRECT_URI] });
    for (const [wrong, error, error_description] of [
      [{ prompt: 'none' }, 'login_required', 'End-User authentication is required'],
      [{ scope: 'openid everything' }, 'invalid_scope', 'Invalid scopes'],
    ] as const) {
      const found = answerOf(await openBrowser().get(authorize(client_id, { response_mode, ...wrong })));
      expect({ by: found.by, members: Object.keys(found.answer) }).toEqual({ by, members: ['response'] });
      const { payload } = await verified(found.answer.response, client_id);
      const { exp: _exp, ...told } = payload;
      expect(told).toEqual({
        error,
        error_description,
        state: 's',
        iss: server.url,
        aud: client_id,
        error_uri: explainedAt(server.url),
      });
    }
  });

  it.each(['PS256', 'ES256', 'EdDSA'] as const)(
    'is signed with %s for a client that asks for it',
    async (alg) => {
      const { client_id } = await aClient(server, {
        redirect_uris: [REDIRECT_URI],
        authorization_signed_response_alg: alg,
      });
      const early = await browser.get(authorize(client_id, { response_mode: 'jwt' }), {
        accept: 'text/html',
      });
      expect({ status: early.status, location: early.location }).toEqual({
        status: 503,
        location: undefined,
      });
      await runJob(server, 'watch-versions');
      await runJob(server, 'watch-versions');
      const found = answerOf(await browser.get(authorize(client_id, { response_mode: 'jwt' })));
      expect((await verified(found.answer.response, client_id)).alg).toBe(alg);
    },
  );

  it('is no ID token: it is no hint', async () => {
    const { client_id } = await aClient(server, { redirect_uris: [REDIRECT_URI] });
    const { answer } = answerOf(await browser.get(authorize(client_id, { response_mode: 'jwt' })));
    const hinted = await browser.get(authorize(client_id, { id_token_hint: answer.response ?? '' }));
    expect(answerOf(hinted).answer).toMatchObject({
      error: 'invalid_request',
      error_description: 'could not validate id_token_hint',
    });
  });
});

describe('a client that is registered for some ways', () => {
  it('is answered by the first of them where it asks for none', async () => {
    const { client_id } = await aClient(server, {
      redirect_uris: [REDIRECT_URI],
      response_modes: ['form_post', 'query'],
    });
    expect(answerOf(await browser.get(authorize(client_id))).by).toBe('form 200');
    expect(answerOf(await browser.get(authorize(client_id, { response_mode: 'query' }))).by).toBe('query');
  });

  it.each(['query', 'fragment', 'form_post', 'nonsense', 'jwt.query', 'JWT'])(
    'is refused %s by the first of its own',
    async (response_mode) => {
      const client = await aClient(server, {
        redirect_uris: [REDIRECT_URI],
        response_modes: ['jwt', 'form_post.jwt'],
      });
      const { client_id, client_secret } = client;
      const error = 'invalid_request';
      const error_description =
        'response_mode must be one of those that this client is registered for: jwt, form_post.jwt';
      const found = answerOf(await browser.get(authorize(client_id, { response_mode })));
      expect({ by: found.by, members: Object.keys(found.answer) }).toEqual({
        by: 'query',
        members: ['response'],
      });
      const { exp: _exp, ...told } = (await verified(found.answer.response, client_id)).payload;
      expect(told).toEqual({
        error,
        error_description,
        state: 's',
        iss: server.url,
        aud: client_id,
        error_uri: explainedAt(server.url),
      });

      const fields = Object.fromEntries(new URL(authorize(client_id, { response_mode })).searchParams);
      const basic = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`;
      const { status, body } = await postForm(`${server.url}/auth/par`, fields, { authorization: basic });
      expect({ status, body }).toEqual(refused(error, error_description));
    },
  );

  it('gets every error in its way, also of a request that is wrong otherwise', async () => {
    const { client_id } = await aClient(server, { redirect_uris: [REDIRECT_URI], response_modes: ['jwt'] });
    for (const wrong of [
      { request: 'garbage' },
      { prompt: 'none login' },
      { scope: 'everything' },
      { response_type: 'token' },
      { request_uri: 'https://app.example/r' },
    ]) {
      const found = answerOf(await browser.get(authorize(client_id, wrong as Record<string, string>)));
      expect({ wrong, by: found.by, members: Object.keys(found.answer) }).toEqual({
        wrong,
        // JARM section 2.3.4: jwt is the usual way of the response type.
        by: 'response_type' in wrong ? 'fragment' : 'query',
        members: ['response'],
      });
    }
    const twice = answerOf(
      await browser.get(`${authorize(client_id, { response_mode: 'jwt' })}&response_mode=query`),
    );
    expect(Object.keys(twice.answer)).toEqual(['response']);
  });
});
