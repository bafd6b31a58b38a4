import type { Refusal } from '../../../src/refusals/reasons.ts';
import { type Browser, openBrowser } from '../../support/browsers/browser.ts';
import { aClientKey } from '../../support/clients/proofs.ts';
import {
  authorizationUrl,
  DEMO_SPA,
  DEMO_WEB,
  pkceChallenge,
  postForm,
  signIn,
} from '../../support/clients/relying-party.ts';
import { aClient } from '../../support/registrations/factories.ts';
import { refusalsOf } from '../../support/servers/refusals-of.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { withStillTime } from '../../support/time/still-time.ts';

type Parameters = Record<string, string | undefined>;

const SPA = { ...DEMO_SPA, code_challenge: undefined, code_challenge_method: undefined };
const ESSENTIAL = JSON.stringify({ id_token: { acr: { essential: true, value: 'gold' } } });

/** Each mistake in the parameters, alone, in a request that is right otherwise. */
const MISTAKES: readonly (readonly [string, Parameters, Refusal])[] = [
  [
    'no client_id',
    { client_id: undefined },
    { reason: 'parameter.missing', expected: { parameter: ['client_id'] } },
  ],
  ['an unknown client', { client_id: 'nobody' }, { reason: 'client.unknown', came: { client_id: 'nobody' } }],
  [
    'a redirect_uri with a letter less',
    { redirect_uri: 'http://127.0.0.1:9999/calback?code=abc' },
    {
      reason: 'redirect_uri.not_registered',
      came: { redirect_uri: 'http://127.0.0.1:9999/calback?code=…' },
      expected: { redirect_uri: expect.arrayContaining(['http://127.0.0.1:9999/callback']) },
    },
  ],
  [
    'no redirect_uri, but one of another name',
    { redirect_uri: undefined, redirect_url: 'http://127.0.0.1:9999/callback' },
    {
      reason: 'parameter.missing',
      came: { parameter: ['redirect_url'] },
      expected: { parameter: ['redirect_uri'] },
    },
  ],
  [
    'no response_type',
    { response_type: undefined },
    { reason: 'parameter.missing', expected: { parameter: ['response_type'] } },
  ],
  [
    'another response_type',
    { response_type: 'code id_token', nonce: 'n' },
    {
      reason: 'response_type.not_supported',
      came: { response_type: 'code id_token' },
      expected: { response_type: ['code'] },
    },
  ],
  [
    'another response_mode',
    { response_mode: 'web_message' },
    {
      reason: 'response_mode.not_supported',
      came: { response_mode: 'web_message' },
      expected: {
        response_mode: [
          'query',
          'fragment',
          'form_post',
          'jwt',
          'query.jwt',
          'fragment.jwt',
          'form_post.jwt',
        ],
      },
    },
  ],
  ['no scope', { scope: undefined }, { reason: 'parameter.missing', expected: { parameter: ['scope'] } }],
  [
    'scopes that are not the client’s',
    { scope: 'openid groups offline' },
    {
      reason: 'scope.not_allowed',
      came: { scope: ['groups', 'offline'] },
      expected: { scope: ['openid', 'profile', 'email'] },
    },
  ],
  [
    'offline_access alone',
    { scope: 'offline_access' },
    {
      reason: 'scope.nothing_asked',
      came: { scope: 'offline_access' },
      expected: { scope: ['openid', 'profile', 'email'] },
    },
  ],
  [
    'a scope in other letters',
    { scope: 'openid ä"' },
    { reason: 'scope.malformed', came: { scope: 'openid ä"' } },
  ],
  [
    'a nonce without openid',
    { scope: 'profile', nonce: 'n' },
    {
      reason: 'scope.openid_missing',
      came: { scope: ['profile'], parameter: ['nonce'] },
      expected: { scope: ['openid'] },
    },
  ],
  [
    'another prompt',
    { prompt: 'create' },
    {
      reason: 'prompt.unknown',
      came: { prompt: ['create'] },
      expected: { prompt: ['none', 'login', 'consent', 'select_account'] },
    },
  ],
  [
    'prompt none with login',
    { prompt: 'none login' },
    { reason: 'prompt.none_with_others', came: { prompt: ['none', 'login'] } },
  ],
  ['a max_age in words', { max_age: 'soon' }, { reason: 'max_age.malformed', came: { max_age: 'soon' } }],
  [
    'a public client without PKCE',
    SPA,
    { reason: 'code_challenge.required', expected: { code_challenge_method: 'S256' } },
  ],
  [
    'a challenge without its method',
    { ...pkceChallenge(), code_challenge_method: undefined },
    { reason: 'code_challenge_method.missing', expected: { code_challenge_method: 'S256' } },
  ],
  [
    'the method plain',
    { ...pkceChallenge(), code_challenge_method: 'plain' },
    {
      reason: 'code_challenge_method.not_supported',
      came: { code_challenge_method: 'plain' },
      expected: { code_challenge_method: 'S256' },
    },
  ],
  ['a method without its challenge', { code_challenge_method: 'S256' }, { reason: 'code_challenge.missing' }],
  [
    'a challenge that is too short',
    { code_challenge: 'x', code_challenge_method: 'S256' },
    { reason: 'code_challenge.malformed' },
  ],
  [
    'a challenge that no hash can be',
    { code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' },
    { reason: 'code_challenge.malformed' },
  ],
  ['a dpop_jkt that no thumbprint can be', { dpop_jkt: 'x' }, { reason: 'dpop_jkt.malformed' }],
  ['claims that are no JSON', { claims: '{' }, { reason: 'claims.malformed' }],
  ['claims without a part', { claims: '{}' }, { reason: 'claims.malformed' }],
  ['claims with a part that is no object', { claims: '{"id_token":[]}' }, { reason: 'claims.malformed' }],
  [
    'a claim that is neither null nor an object',
    { claims: '{"id_token":{"email":true}}' },
    { reason: 'claims.malformed', came: { claim: 'id_token.email' } },
  ],
  ['a hint that is none', { id_token_hint: 'garbage' }, { reason: 'id_token_hint.not_valid' }],
  ['a sealed hint that is none', { sealed_hint: 'garbage' }, { reason: 'id_token_hint.not_valid' }],
  ['registration', { registration: '{}' }, { reason: 'registration.not_supported' }],
  [
    'the address of a request object',
    { request_uri: 'https://client.example/request?key=abc' },
    { reason: 'request_uri.not_supported', came: { request_uri: 'https://client.example/request?key=…' } },
  ],
  [
    'a pushed request that nobody pushed',
    { request_uri: 'urn:ietf:params:oauth:request_uri:x' },
    { reason: 'request_uri.not_valid' },
  ],
  [
    'both forms of a request',
    { request_uri: 'urn:ietf:params:oauth:request_uri:x', request: 'x' },
    { reason: 'request_uri.with_request' },
  ],
  [
    'a value of 9000 letters',
    { state: 'x'.repeat(9000) },
    { reason: 'parameter.too_long', came: { parameter: 'state' } },
  ],
  ['a sealed request that is none', { sealed_request: 'garbage' }, { reason: 'request.seal_not_valid' }],
  [
    'an essential acr that nobody has',
    { claims: ESSENTIAL },
    {
      reason: 'acr.not_reached',
      came: { acr: ['gold'] },
      expected: { acr: ['urn:listo:acr:one-factor', 'urn:listo:acr:two-factors'] },
    },
  ],
];

describe('why an authorization request was refused', () => {
  let server: TestServer;
  let signedIn: Browser;
  beforeAll(async () => {
    server = await startTestServer();
    signedIn = (await signIn(server.url)).browser;
  });
  afterAll(() => server.close());

  const ask = (parameters: Parameters, browser = signedIn) =>
    browser.get(authorizationUrl(server.url, { state: 's', ...parameters }));
  const whyOf = async (parameters: Parameters, browser = signedIn) =>
    (await refusalsOf(server, () => ask(parameters, browser))).at(-1);

  it.each(MISTAKES)('%s', async (_what, parameters, why) => {
    expect(await whyOf(parameters)).toEqual(why);
  });

  it('a parameter that came twice', async () => {
    const url = `${authorizationUrl(server.url)}&scope=email&nonce=a&nonce=b`;
    expect(await refusalsOf(server, () => signedIn.get(url))).toEqual([
      { reason: 'parameter.repeated', came: { parameter: ['scope', 'nonce'] } },
    ]);
  });

  it('a client that may not have a code', async () => {
    const { client_id } = await aClient(server, {
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
    });
    expect(await whyOf({ client_id })).toEqual({
      reason: 'response_type.not_allowed',
      came: { response_type: 'code' },
      expected: { grant_types: ['authorization_code'] },
    });
  });

  it('a client that is registered for other ways of an answer', async () => {
    const { client_id } = await aClient(server, { response_modes: ['jwt'] });
    expect(await whyOf({ client_id, response_mode: 'fragment' })).toEqual({
      reason: 'response_mode.not_registered',
      came: { response_mode: 'fragment' },
      expected: { response_mode: ['jwt'] },
    });
  });

  it('a client that must push or sign its requests', async () => {
    const jwks = { keys: [(await aClientKey('ES256')).publicJwk] };
    const pushes = await aClient(server, { require_pushed_authorization_requests: true });
    const signs = await aClient(server, { jwks, require_signed_request_object: true });
    const whys = {
      pushes: await whyOf({ client_id: pushes.client_id }),
      signs: await whyOf({ client_id: signs.client_id }),
    };
    expect(whys).toEqual({
      pushes: { reason: 'request.must_be_pushed' },
      signs: { reason: 'request.must_be_signed' },
    });
  });

  describe('with prompt=none', () => {
    const none = { prompt: 'none' };

    it('nobody is signed in', async () => {
      expect(await whyOf(none, openBrowser())).toEqual({ reason: 'session.none', came: none });
    });

    it('the person signed in too long ago', async () => {
      await withStillTime(async (time) => {
        const { browser } = await signIn(server.url);
        time.forward(61);
        expect(await whyOf({ ...none, max_age: '60' }, browser)).toEqual({
          reason: 'session.too_old',
          came: { prompt: 'none', max_age: '60' },
        });
      });
    });

    it('another person is asked for', async () => {
      const claims = JSON.stringify({ id_token: { sub: { value: 'somebody-else' } } });
      expect(await whyOf({ ...none, claims })).toEqual({ reason: 'session.of_another_person', came: none });
    });

    it('the person has not allowed yet', async () => {
      expect(await whyOf({ ...SPA, ...pkceChallenge(), ...none })).toEqual({
        reason: 'session.consent_needed',
        came: none,
      });
    });

    it('another factor is missing', async () => {
      const { client_id } = await aClient(server, { second_factor: 'required' });
      expect(await whyOf({ client_id, ...none })).toEqual({ reason: 'session.factor_missing', came: none });
    });

    it('an installed application asks without an address of its own', async () => {
      const { client_id } = await aClient(server, { application_type: 'native', type: 'public' });
      expect(await whyOf({ client_id, ...pkceChallenge(), ...none })).toEqual({
        reason: 'session.consent_needed_each_time',
        came: none,
      });
    });
  });

  describe('at the endpoint for pushed requests', () => {
    const push = (fields: Record<string, string>) =>
      refusalsOf(server, () =>
        postForm(`${server.url}/auth/par`, {
          ...DEMO_WEB,
          response_type: 'code',
          scope: 'openid',
          ...fields,
        }),
      );

    it.each([
      ['redirect_uri', 'http://127.0.0.1:9998/callback', 'redirect_uri.not_registered'],
      ['scope', 'openid groups', 'scope.not_allowed'],
      ['response_type', '', 'parameter.missing'],
      ['request_uri', 'urn:ietf:params:oauth:request_uri:secret', 'request_uri.not_supported'],
    ])('%s %s: %s', async (name, value, reason) => {
      const [why] = await push({ [name]: value });
      expect(why?.reason).toBe(reason);
      expect(JSON.stringify(why)).not.toContain('secret');
    });
  });

  it('a device whose client has no grant for it, or that asks for a wrong scope', async () => {
    const device = (client: { client_id: string; client_secret: string }, scope: string) =>
      refusalsOf(server, () =>
        postForm(`${server.url}/auth/device_authorization`, {
          client_id: client.client_id,
          client_secret: client.client_secret,
          scope,
        }),
      );
    const grant_types = ['urn:ietf:params:oauth:grant-type:device_code'];
    const allowed = await aClient(server, { grant_types });
    const whys = [...(await device(DEMO_WEB, 'openid')), ...(await device(allowed, 'groups'))];
    expect(whys).toEqual([
      {
        reason: 'device.grant_not_allowed',
        came: { grant_type: grant_types[0] },
        expected: { grant_types: ['authorization_code', 'refresh_token'] },
      },
      {
        reason: 'scope.not_allowed',
        came: { scope: ['groups'] },
        expected: { scope: ['openid', 'profile', 'email'] },
      },
    ]);
  });
});
