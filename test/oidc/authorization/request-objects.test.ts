import { createHmac, randomUUID } from 'node:crypto';
import {
  CompactEncrypt,
  type CryptoKey,
  decodeJwt,
  exportSPKI,
  importJWK,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import { openBrowser } from '../../support/browsers/browser.ts';
import { aClientKey, type ClientKey, clientAssertion, requestObject } from '../../support/clients/proofs.ts';
import {
  brief,
  DEMO_WEB,
  explainedAt,
  postForm,
  refused,
  signIn,
  statusAndError,
} from '../../support/clients/relying-party.ts';
import { aClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

const REDIRECT_URI = 'http://127.0.0.1:9999/callback';
const now = () => Math.floor(Date.now() / 1000);

type Parameters = Record<string, unknown>;

describe('a signed request object (RFC 9101)', () => {
  let server: TestServer;
  let key: ClientKey;
  let client_id: string;
  let browser: Awaited<ReturnType<typeof signIn>>['browser'];
  beforeAll(async () => {
    server = await startTestServer();
    key = await aClientKey('ES256');
    ({ client_id } = await aClient(server, { jwks: { keys: [key.publicJwk] } }));
    ({ browser } = await signIn(server.url));
  });
  afterAll(() => server.close());

  const asked = { response_type: 'code', redirect_uri: REDIRECT_URI, scope: 'openid email', state: 'inside' };
  const signed = (parameters: Parameters = {}, header: Record<string, unknown> = {}, by = key) =>
    requestObject(by, { clientId: client_id, audience: server.url }, { ...asked, ...parameters }, header);
  const url = (parameters: Record<string, string>) =>
    `${server.url}/auth/authorize?${new URLSearchParams({ client_id, ...parameters })}`;
  const answerTo = async (parameters: Record<string, string>) => {
    const { location = '' } = await browser.get(url(parameters));
    return Object.fromEntries(new URL(location).searchParams);
  };
  const assertion = () => clientAssertion(key, { clientId: client_id, audience: server.url });
  const push = async (fields: Record<string, string>) =>
    postForm(`${server.url}/auth/par`, { ...(await assertion()), ...fields });
  const codeOf = async (code = '') =>
    postForm(`${server.url}/auth/token`, {
      grant_type: 'authorization_code',
      redirect_uri: REDIRECT_URI,
      code,
      ...(await assertion()),
    });

  describe('is the request', () => {
    it.each(['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256'] as const)(
      'signed with %s, by value',
      async (alg) => {
        const own = await aClientKey(alg);
        const client = await aClient(server, { jwks: { keys: [own.publicJwk] } });
        const request = await requestObject(own, { clientId: client.client_id, audience: server.url }, asked);
        const answer = await answerTo({ client_id: client.client_id, request });
        expect(answer).toEqual({ code: expect.any(String), state: 'inside', iss: server.url });
      },
    );

    it('whatever stands beside it', async () => {
      const beside = {
        scope: 'openid everything',
        state: 'outside',
        redirect_uri: 'https://evil.example/',
        prompt: 'none login',
        response_mode: 'fragment',
        nonce: 'outside',
        code_challenge: 'short',
      };
      const answer = await answerTo({ ...beside, request: await signed({ nonce: 'inside' }) });
      expect(answer).toEqual({ code: expect.any(String), state: 'inside', iss: server.url });
      const { body } = await codeOf(answer.code);
      expect(body.scope).toBe('openid email');
      expect(decodeJwt(String(body.id_token))).toMatchObject({ nonce: 'inside', scope: 'openid email' });
    });

    it('also without anything that is not inside', async () => {
      const request = await signed({ state: undefined, prompt: 'none' });
      expect(await answerTo({ request, state: 'outside' })).toEqual({
        code: expect.any(String),
        iss: server.url,
      });
    });

    it('with numbers and objects, as in JSON', async () => {
      const answer = await answerTo({ request: await signed({ max_age: 3600 }) });
      expect(Object.keys(answer)).toEqual(['code', 'state', 'iss']);
      const asksAgain = await browser.get(url({ request: await signed({ max_age: 0 }) }));
      expect(asksAgain.location).toMatch(/\/interaction\//);
    });

    it('pushed, with nothing else', async () => {
      const pushed = await push({ request: await signed() });
      expect(pushed.status).toBe(201);
      const answer = await answerTo({ request_uri: String(pushed.body.request_uri), scope: 'everything' });
      expect(answer).toEqual({ code: expect.any(String), state: 'inside', iss: server.url });
      expect((await codeOf(answer.code)).body.scope).toBe('openid email');
    });

    it('posted by another site, in an address that nobody can read', async () => {
      const request = await signed({ login_hint: 'ada@demo.example' });
      const posted = await browser.post(`${server.url}/auth/authorize`, { client_id, request });
      const address = new URL(posted.location ?? '');
      expect([...address.searchParams.keys()].join(' ')).toBe('client_id sealed_request');
      expect(address.href).not.toContain(request.split('.')[1]);
      const { location = '' } = await browser.get(address.href);
      expect(Object.keys(Object.fromEntries(new URL(location).searchParams))).toEqual([
        'code',
        'state',
        'iss',
      ]);
      const stranger = new URL(address.href);
      stranger.searchParams.set('client_id', DEMO_WEB.client_id);
      const elsewhere = await browser.get(stranger.href, { accept: 'application/json' });
      expect(statusAndError({ status: elsewhere.status, body: JSON.parse(elsewhere.html) })).toEqual({
        status: 400,
        error: 'invalid_request',
      });
    });

    it('through the sign-in of its person, and again after a second click', async () => {
      const person = openBrowser();
      const page = await person.follow(await person.get(url({ request: await signed() })));
      const fields = { email: 'ada@demo.example', password: 'correct horse battery staple' };
      const first = await person.follow(await person.submit(page, '/sign-in', fields), REDIRECT_URI);
      const second = await person.follow(await person.submit(page, '/sign-in', fields), REDIRECT_URI);
      for (const { location = '' } of [first, second]) {
        const { code, ...answer } = Object.fromEntries(new URL(location).searchParams);
        expect(answer).toEqual({ state: 'inside', iss: server.url });
        expect((await codeOf(code)).body.scope).toBe('openid email');
      }
    });
  });

  describe('is refused', () => {
    /** The public key as the text that a careless verifier takes for a secret. */
    const overPublicKey = async () => {
      const pem = await exportSPKI(
        (await importJWK(key.publicJwk, 'ES256', { extractable: true })) as CryptoKey,
      );
      const [, payload] = (await signed()).split('.');
      const input = `${Buffer.from(JSON.stringify({ alg: 'HS256' })).toString('base64url')}.${payload}`;
      return `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`;
    };
    const encrypted = async () =>
      new CompactEncrypt(Buffer.from(await signed()))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .encrypt(Buffer.alloc(32));
    const tampered = async () => {
      const [header, , signature] = (await signed()).split('.');
      const payload = { ...asked, iss: client_id, aud: server.url, exp: now() + 60, scope: 'openid profile' };
      return `${header}.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.${signature}`;
    };
    const claims = () => ({ ...asked, iss: client_id, aud: server.url, client_id, exp: now() + 60 });
    const unsigned = async () => new UnsecuredJWT(claims()).encode();
    const critical = () =>
      new SignJWT(claims())
        .setProtectedHeader({ alg: 'ES256', crit: ['b64', 'unknown'], b64: true, unknown: 1 } as never)
        .sign(key.privateKey, { crit: { unknown: true } } as never);
    const SIGNATURE = 'its signature is not of a key of the client';
    const ALGORITHM = 'its alg must be one of RS256, PS256, ES256, Ed25519, EdDSA';

    it.each<[string, () => Promise<string>, string]>([
      ['unsigned', unsigned, ALGORITHM],
      ['HS256 over the public key', overPublicKey, ALGORITHM],
      ['of another key', async () => signed({}, {}, await aClientKey()), SIGNATURE],
      [
        'of another key that it brings',
        async () => {
          const other = await aClientKey();
          return signed({}, { jwk: other.publicJwk }, other);
        },
        SIGNATURE,
      ],
      ['changed', tampered, SIGNATURE],
      ['encrypted', encrypted, 'it is encrypted, which this server does not support'],
      ['with an unknown crit', critical, SIGNATURE],
      ['no JWT', async () => 'garbage', SIGNATURE],
      ['no JWT with dots', async () => 'a.b.c', SIGNATURE],
      ['of another type', () => signed({}, { typ: 'at+jwt' }), 'its typ says that it is another JWT'],
      ['of a type that is a number', () => signed({}, { typ: 1 }), 'its typ says that it is another JWT'],
      [
        'a DPoP proof by its type',
        () => signed({}, { typ: 'dpop+jwt' }),
        'its typ says that it is another JWT',
      ],
      [
        'a client assertion',
        async () => (await assertion()).client_assertion,
        'its sub is the client, as in a client assertion',
      ],
      ['of another issuer', () => signed({ iss: 'client_other' }), 'its iss must be the client_id'],
      ['of no issuer', () => signed({ iss: undefined }), 'its iss must be the client_id'],
      [
        'for another server',
        () => signed({ aud: 'https://elsewhere.example' }),
        'its aud must be this issuer',
      ],
      ['for nobody', () => signed({ aud: undefined }), 'its aud must be this issuer'],
      ['expired', () => signed({ exp: now() - 60 }), 'it has expired'],
      ['without an end', () => signed({ exp: undefined }), 'it must have the claim exp'],
      ['with an end that is a text', () => signed({ exp: '9999999999' }), 'its exp is not valid'],
      [
        'that ends in two days, with a jti',
        () => signed({ exp: now() + 2 * 86_400, jti: 'far' }),
        'its exp may be a day ahead at most',
      ],
      [
        'that ends in no year, with a jti',
        () => signed({ exp: 1e300, jti: 'never' }),
        'its exp may be a day ahead at most',
      ],
      ['not valid yet', () => signed({ nbf: now() + 120 }), 'its nbf is not valid'],
      [
        'of another client inside',
        () => signed({ client_id: 'client_other' }),
        'its client_id is not the one of the request',
      ],
      [
        'with a request object inside',
        async () => signed({ request: await signed() }),
        'it must not have request or request_uri',
      ],
      [
        'with a request_uri inside',
        () => signed({ request_uri: 'urn:ietf:params:oauth:request_uri:x' }),
        'it must not have request or request_uri',
      ],
      ['with a list', () => signed({ scope: ['openid'] }), 'its scope is not a string'],
      ['with an object', () => signed({ nonce: { a: 1 } }), 'its nonce is not a string'],
      ['with a number', () => signed({ nonce: 1 }), 'its nonce is not a string'],
      ['with null', () => signed({ nonce: null }), 'its nonce is not a string'],
      ['with NUL', () => signed({ nonce: 'a\0b' }), 'its nonce is not a string'],
      ['with claims that are a list', () => signed({ claims: [] }), 'its claims is not a string'],
      ['with a jti that is a number', () => signed({ jti: 1 }), 'its jti must be a string'],
    ])('%s: the client is told, by value and pushed', async (_what, make, why) => {
      const beside = { redirect_uri: REDIRECT_URI, state: 'outside' };
      const refusal = {
        error: 'invalid_request_object',
        error_description: `The request object is refused: ${why}`,
      };
      expect(await answerTo({ ...beside, request: await make() })).toEqual({
        ...refusal,
        state: 'outside',
        iss: server.url,
        error_uri: explainedAt(server.url),
      });
      expect(brief(await push({ request: await make() }))).toEqual({ status: 400, body: refusal });
    });

    it('and the client is told by the state and response_mode inside, where there are none outside', async () => {
      const request = new UnsecuredJWT({ ...asked, response_mode: 'form_post' }).encode();
      const page = await browser.get(url({ request, redirect_uri: REDIRECT_URI }));
      expect({
        status: page.status,
        names: [...page.html.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, ...pair]) => pair),
      }).toEqual({
        status: 400,
        names: [
          ['error', 'invalid_request_object'],
          ['error_description', `The request object is refused: ${ALGORITHM}`],
          ['state', 'inside'],
          ['iss', server.url],
          ['error_uri', explainedAt(server.url)],
        ],
      });
    });

    it('and nobody is redirected to an address that is not registered', async () => {
      for (const parameters of [
        { request: new UnsecuredJWT({ ...asked, redirect_uri: 'https://evil.example/' }).encode() },
        { request: 'garbage', redirect_uri: 'https://evil.example/' },
        { request: 'garbage' },
        { request: await signed({ redirect_uri: 'https://evil.example/' }) },
      ]) {
        const { status, location } = await browser.get(url(parameters), { accept: 'text/html' });
        expect({ status, location }).toEqual({ status: 400, location: undefined });
      }
    });

    it('from a client without keys', async () => {
      const request = await signed({ iss: DEMO_WEB.client_id, client_id: DEMO_WEB.client_id });
      expect(await answerTo({ client_id: DEMO_WEB.client_id, redirect_uri: REDIRECT_URI, request })).toEqual({
        error: 'invalid_request_object',
        error_description: 'The request object is refused: this client has no keys registered',
        state: 'inside',
        iss: server.url,
        error_uri: explainedAt(server.url),
      });
    });

    it.each([
      ['is no point of its curve', { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) }],
      ['is shorter than it looks', { kty: 'RSA', n: 'A'.repeat(342), e: 'AQAB' }],
    ])('over a registered key that %s, and the keys beside it count', async (_what, unusable) => {
      const own = await aClientKey(unusable.kty === 'RSA' ? 'RS256' : 'ES256');
      const answerWith = async (keys: object[]) => {
        const client = await aClient(server, { jwks: { keys } });
        const request = await requestObject(own, { clientId: client.client_id, audience: server.url }, asked);
        return answerTo({ client_id: client.client_id, redirect_uri: REDIRECT_URI, request });
      };
      expect(await answerWith([unusable])).toEqual({
        error: 'invalid_request_object',
        error_description: 'The request object is refused: its signature is not of a key of the client',
        state: 'inside',
        iss: server.url,
        error_uri: explainedAt(server.url),
      });
      expect(await answerWith([unusable, own.publicJwk])).toMatchObject({ code: expect.any(String) });
    });

    it('twice, beside a request_uri, or where another response_type stands outside', async () => {
      const request = await signed();
      const to = { redirect_uri: REDIRECT_URI, state: 's', iss: server.url };
      const twice = `${url({ redirect_uri: REDIRECT_URI, state: 's', request })}&request=${request}`;
      const { location = '' } = await browser.get(twice);
      expect(Object.fromEntries(new URL(location).searchParams)).toEqual({
        error: 'invalid_request',
        error_description: "'request' parameter must not be provided twice",
        state: 's',
        iss: server.url,
        error_uri: explainedAt(server.url),
      });
      const pushed = String((await push({ request: await signed() })).body.request_uri);
      expect(await answerTo({ ...to, request, request_uri: pushed })).toMatchObject({
        error: 'invalid_request',
        error_description: 'request and request_uri parameters MUST NOT be used together',
      });
      expect(await answerTo({ request, response_type: 'token' })).toMatchObject({
        error: 'invalid_request_object',
        error_description: 'The request object has another response_type than the request',
      });
      expect(statusAndError(await push({ request, request_uri: pushed }))).toEqual({
        status: 400,
        error: 'request_uri_not_supported',
      });
    });

    it('at a device, which sends no browser', async () => {
      const grant_types = ['urn:ietf:params:oauth:grant-type:device_code'];
      const device = await aClient(server, {
        jwks: { keys: [key.publicJwk] },
        grant_types,
        redirect_uris: [],
      });
      const { client_id: clientId } = device;
      const answer = await postForm(`${server.url}/auth/device_authorization`, {
        ...(await clientAssertion(key, { clientId, audience: server.url })),
        request: await requestObject(key, { clientId, audience: server.url }, { scope: 'openid' }),
      });
      expect(statusAndError(answer)).toEqual({ status: 400, error: 'invalid_request_object' });
    });

    it('by reference to an address of the client', async () => {
      expect(
        await answerTo({
          request_uri: 'https://client.example/request',
          redirect_uri: REDIRECT_URI,
          state: 's',
        }),
      ).toMatchObject({ error: 'request_uri_not_supported', state: 's' });
    });
  });

  it('with a jti is pushed once, also by requests at the same time', async () => {
    const request = await signed({ jti: randomUUID() });
    const answers = await Promise.all([1, 2, 3, 4].map(() => push({ request })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 400, 400, 400]);
    const [again] = answers.filter(({ status }) => status === 400);
    expect(brief(again ?? answers[0] ?? { status: 0, body: {} })).toEqual(
      refused(
        'invalid_request_object',
        'The request object is refused: it was pushed before, as its jti says',
      ),
    );
    // Another client may use the same jti, and a browser may load an address again.
    const own = await aClientKey();
    const other = await aClient(server, { jwks: { keys: [own.publicJwk] } });
    const names = { clientId: other.client_id, audience: server.url };
    const { jti } = decodeJwt(request);
    const pushed = await postForm(`${server.url}/auth/par`, {
      ...(await clientAssertion(own, names)),
      request: await requestObject(own, names, { ...asked, jti }),
    });
    expect(pushed.status).toBe(201);
    for (const _time of [1, 2])
      expect(Object.keys(await answerTo({ request }))).toEqual(['code', 'state', 'iss']);
  });

  describe('of a client of FAPI 2.0 Message Signing', () => {
    it.each<[string, Parameters, string]>([
      ['needs an nbf', {}, 'it must have the claim nbf'],
      ['is an hour old at most', { nbf: -3630 }, 'its nbf may be 60 minutes ago at most'],
      ['lives for an hour at most', { nbf: 0, exp: 3700 }, 'its exp may be 60 minutes after its nbf at most'],
    ])('%s', async (_what, times, why) => {
      const strict = await aClient(server, {
        jwks: { keys: [key.publicJwk] },
        redirect_uris: ['https://app.example/callback'],
        require_pkce: true,
        security_profile: 'fapi2_message_signing',
      });
      const names = { clientId: strict.client_id, audience: server.url };
      const at = Object.fromEntries(Object.entries(times).map(([name, s]) => [name, now() + Number(s)]));
      const answer = await postForm(`${server.url}/auth/par`, {
        ...(await clientAssertion(key, names)),
        request: await requestObject(key, names, {
          ...asked,
          redirect_uri: 'https://app.example/callback',
          ...at,
        }),
      });
      expect(brief(answer)).toEqual(
        refused('invalid_request_object', `The request object is refused: ${why}`),
      );
    });
  });
});

describe('a client that must', () => {
  let server: TestServer;
  let key: ClientKey;
  beforeAll(async () => {
    server = await startTestServer();
    key = await aClientKey();
  });
  afterAll(() => server.close());

  const asked = { response_type: 'code', redirect_uri: REDIRECT_URI, scope: 'openid', state: 's' };
  const authorize = (parameters: Record<string, string>) =>
    `${server.url}/auth/authorize?${new URLSearchParams(parameters)}`;
  const answerOf = ({ location = '' }: { location: string | undefined }) =>
    Object.fromEntries(new URL(location).searchParams);

  it('push its requests is refused without, and its person may click twice', async () => {
    const client = await aClient(server, { require_pushed_authorization_requests: true });
    const { client_id, client_secret } = client;
    const browser = openBrowser();
    const told = await browser.get(authorize({ client_id, ...asked }));
    expect(answerOf(told)).toEqual({
      error: 'invalid_request',
      error_description: 'This client must push its requests first (RFC 9126)',
      state: 's',
      iss: server.url,
      error_uri: explainedAt(server.url),
    });
    const basic = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`;
    const { body } = await postForm(
      `${server.url}/auth/par`,
      { client_id, ...asked },
      { authorization: basic },
    );
    const page = await browser.follow(
      await browser.get(authorize({ client_id, request_uri: String(body.request_uri) })),
    );
    const fields = { email: 'ada@demo.example', password: 'correct horse battery staple' };
    const first = await browser.follow(await browser.submit(page, '/sign-in', fields), REDIRECT_URI);
    const led = await browser.submit(page, '/sign-in', fields);
    const sealed = new URL(led.location ?? '');
    expect([...sealed.searchParams.keys()].join(' ')).toBe('client_id sealed_request');
    const second = await browser.get(sealed.href);
    for (const answer of [first, second])
      expect(answerOf(answer)).toEqual({ code: expect.any(String), state: 's', iss: server.url });
    const twice = [1, 2].map((n): [string, string] => ['sealed_request', String(n)]);
    const pair = new URLSearchParams([...Object.entries({ client_id, ...asked }), ...twice]);
    expect(answerOf(await browser.get(`${server.url}/auth/authorize?${pair}`))).toEqual({
      ...answerOf(told),
      error_uri: explainedAt(server.url),
    });
    sealed.searchParams.set('sealed_request', `${sealed.searchParams.get('sealed_request')}A`);
    sealed.searchParams.set('redirect_uri', REDIRECT_URI);
    expect(answerOf(await browser.get(sealed.href))).toMatchObject({ error: 'invalid_request' });
  });

  it('sign its requests is refused without, by value and pushed', async () => {
    const { client_id } = await aClient(server, {
      jwks: { keys: [key.publicJwk] },
      require_signed_request_object: true,
    });
    const names = { clientId: client_id, audience: server.url };
    const refusal = {
      error: 'invalid_request',
      error_description: 'This client must send a signed request object (RFC 9101)',
    };
    const { browser } = await signIn(server.url);
    expect(answerOf(await browser.get(authorize({ client_id, ...asked })))).toEqual({
      ...refusal,
      state: 's',
      iss: server.url,
      error_uri: explainedAt(server.url),
    });
    const push = async (fields: Record<string, string>) =>
      postForm(`${server.url}/auth/par`, { ...(await clientAssertion(key, names)), ...fields });
    expect(brief(await push(asked))).toEqual({ status: 400, body: refusal });
    const twice = Object.entries({ ...asked, ...(await clientAssertion(key, names)) });
    const form = new URLSearchParams([...twice, ['sealed_request', 'a'], ['sealed_request', 'b']]);
    const answer = await fetch(`${server.url}/auth/par`, { method: 'POST', body: form });
    expect({ status: answer.status, body: await answer.json() }).toEqual({ status: 400, body: refusal });
    const request = await requestObject(key, names, asked);
    const granted = { code: expect.any(String), state: 's', iss: server.url };
    expect(answerOf(await browser.get(authorize({ client_id, request })))).toEqual(granted);
    const { body } = await push({ request });
    const pushed = authorize({ client_id, request_uri: String(body.request_uri) });
    expect(answerOf(await browser.get(pushed))).toEqual(granted);
  });
});
