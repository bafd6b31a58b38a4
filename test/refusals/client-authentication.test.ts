import { digestSecret, hashPassword } from '../../src/platform/secrets/digest.ts';
import { aClientKey, type Claims, type ClientKey, clientAssertion } from '../support/clients/proofs.ts';
import { type Answer, postForm } from '../support/clients/relying-party.ts';
import { aClient, type TestClient } from '../support/registrations/factories.ts';
import { recordedWhy } from '../support/servers/recorded-why.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { withStillTime } from '../support/time/still-time.ts';

const SECRET = 'a+secret/of%25elsewhere';
const FORMS = ['client_secret_basic', 'client_secret_post'];

let server: TestServer;
let web: TestClient;
let key: ClientKey;
beforeAll(async () => {
  server = await startTestServer();
  web = await aClient(server, { id: 'web' });
  key = await aClientKey();
  await aClient(server, { id: 'public', type: 'public', redirect_uris: ['https://app.example/callback'] });
  await aClient(server, { id: 'signing', jwks: { keys: [{ ...key.publicJwk, kid: 'first' }] } });
  await aClient(server, { id: 'disabled' });
  await server.database.knex('clients').where({ id: 'disabled' }).update({ disabled_at: new Date() });
  await server.database.knex('client_secrets').insert([
    { client_id: 'web', name: 'elsewhere', digest: digestSecret(SECRET) },
    { client_id: 'web', name: 'spring', digest: digestSecret('old'), expires_at: '2026-03-01T00:00:00Z' },
    {
      ...{ client_id: 'web', name: 'typed', expires_at: '2026-04-01T00:00:00Z' },
      digest: `argon2id:${await hashPassword('older')}`,
    },
  ]);
});
afterAll(() => server.close());

const ask = (fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> =>
  postForm(
    `${server.url}/auth/token`,
    { grant_type: 'refresh_token', refresh_token: 'x', ...fields },
    headers,
  );
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
const why = (...request: Parameters<typeof ask>) => recordedWhy(server, ask(...request));

describe('a client that is refused finds out why', () => {
  it.each([
    ['nobody', {}, {}, { reason: 'client.unnamed' }],
    [
      'an unknown client',
      { client_id: 'wep', client_secret: 'x' },
      {},
      { reason: 'client.unknown', came: { client_id: 'wep' } },
    ],
    [
      'several ways',
      { client_secret: 'x', client_assertion: 'y' },
      basic('web:x'),
      { reason: 'client.several_methods', came: { method: [...FORMS, 'private_key_jwt'] } },
    ],
    [
      'two names',
      { client_id: 'public' },
      basic('web:x'),
      { reason: 'client.names_differ', came: { client_id: ['public', 'web'] } },
    ],
    [
      'a disabled client',
      { client_id: 'disabled', client_secret: 'x' },
      {},
      { reason: 'client.disabled', came: { client_id: 'disabled' } },
    ],
    ['another scheme', {}, { authorization: 'Bearer x' }, { reason: 'client.header_malformed' }],
    ['a header that is not encoded', {}, basic('web:100%'), { reason: 'client.header_not_encoded' }],
    [
      'no secret',
      { client_id: 'web' },
      {},
      { reason: 'client.not_authenticated', expected: { method: FORMS } },
    ],
    [
      'a secret in the form, for one that signs',
      { client_id: 'signing', client_secret: 'x' },
      {},
      {
        reason: 'client.method_not_registered',
        came: { method: 'client_secret_post' },
        expected: { method: ['private_key_jwt'] },
      },
    ],
    [
      'a secret in the header, for a public one',
      {},
      basic('public:x'),
      {
        reason: 'client.method_not_registered',
        came: { method: 'client_secret_basic' },
        expected: { method: ['none'] },
      },
    ],
    ['a wrong secret', { client_id: 'web', client_secret: 'x' }, {}, { reason: 'client.secret_wrong' }],
    [
      'an expired secret',
      { client_id: 'web', client_secret: 'old' },
      {},
      {
        reason: 'client.secret_expired',
        came: { secret_name: 'spring', expired_at: '2026-03-01T00:00:00Z' },
      },
    ],
    [
      'an expired secret of a slow digest',
      { client_id: 'web', client_secret: 'older' },
      {},
      {
        reason: 'client.secret_expired',
        came: { secret_name: 'typed', expired_at: '2026-04-01T00:00:00Z' },
      },
    ],
    [
      'a line break behind the secret',
      { client_id: 'web', client_secret: `${SECRET}\n` },
      {},
      { reason: 'client.secret_in_spaces' },
    ],
    ['a secret as it is in the header', {}, basic(`web:${SECRET}`), { reason: 'client.secret_not_encoded' }],
    [
      'a page of another origin',
      { client_id: 'public' },
      { origin: 'https://other.example' },
      {
        reason: 'origin.not_allowed',
        came: { origin: 'https://other.example' },
        expected: { origin: ['https://app.example'] },
      },
    ],
    [
      'a misspelt parameter',
      { client_id: 'public', refresh_token: '', refreshToken: 'x' },
      {},
      {
        reason: 'parameter.missing',
        came: { parameter: ['grant_type', 'refresh_token', 'client_id', 'refreshToken'] },
        expected: { parameter: ['refresh_token'] },
      },
    ],
  ])('%s', async (_what, fields, headers, expected) => {
    expect(await why(fields, headers)).toEqual(expected);
  });

  it('and the right secret in each form is none of these', async () => {
    for (const [fields, headers] of [
      [{ client_id: 'web', client_secret: SECRET }, {}],
      [{}, basic(`web:${encodeURIComponent(SECRET)}`)],
      [{ client_id: 'web', client_secret: web.client_secret }, {}],
    ] as const)
      expect(await why(fields, headers)).toEqual({ reason: 'refresh_token.not_valid' });
  });
});

describe('a client whose assertion is refused finds out why', () => {
  const assertion = async (claims: Claims = {}, as = key) =>
    clientAssertion(as, { clientId: 'signing', audience: server.url }, claims);
  const audiences = () => [server.url, `${server.url}/auth/token`];
  const instant = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

  it('for each of its times', async () => {
    await withStillTime(async (time) => {
      const now = { now: instant(time.now()) };
      const of = async (claims: Claims) => why(await assertion(claims));
      const [past, future] = [time.now() - 60, time.now() + 90];
      const far = time.now() + 7200;
      const milliseconds = (time.now() + 60) * 1000;
      expect(await of({ exp: past })).toEqual({
        reason: 'assertion.expired',
        came: { exp: instant(past) },
        expected: now,
      });
      expect(await of({ exp: far })).toEqual({
        reason: 'assertion.exp_too_far',
        came: { exp: instant(far) },
        expected: now,
      });
      expect(await of({ exp: milliseconds })).toEqual({
        reason: 'assertion.exp_too_far',
        came: { exp: instant(milliseconds) },
        expected: now,
      });
      expect(await of({ exp: undefined })).toEqual({ reason: 'assertion.exp_missing' });
      expect(await of({ exp: 'x' })).toEqual({ reason: 'assertion.claim_malformed', came: { exp: 'x' } });
      expect(await of({ nbf: future })).toEqual({
        reason: 'assertion.not_yet_valid',
        came: { nbf: instant(future) },
        expected: now,
      });
      expect(await of({ iat: future })).toEqual({
        reason: 'assertion.iat_in_future',
        came: { iat: instant(future) },
        expected: now,
      });
    });
  });

  it('for each of its other claims', async () => {
    const of = async (claims: Claims) => why(await assertion(claims));
    expect(await of({ aud: `${server.url}/` })).toEqual({
      reason: 'assertion.aud_wrong',
      came: { aud: `${server.url}/` },
      expected: { aud: audiences() },
    });
    expect(await of({ aud: [server.url, 'https://other.example'] })).toEqual({
      reason: 'assertion.aud_wrong',
      came: { aud: [server.url, 'https://other.example'] },
      expected: { aud: audiences() },
    });
    expect(await of({ aud: undefined })).toEqual({
      reason: 'assertion.aud_wrong',
      expected: { aud: audiences() },
    });
    expect(await of({ iss: 'web' })).toEqual({
      reason: 'assertion.iss_wrong',
      came: { iss: 'web' },
      expected: { iss: 'signing' },
    });
    expect(await of({ iss: undefined })).toEqual({
      reason: 'assertion.iss_wrong',
      expected: { iss: 'signing' },
    });
    expect(await of({ sub: undefined })).toEqual({ reason: 'assertion.sub_missing' });
    expect(await of({ jti: undefined })).toEqual({ reason: 'assertion.jti_missing' });
    expect(await of({ jti: 7 })).toEqual({ reason: 'assertion.jti_missing' });
  });

  it('for its form, its key and its second use', async () => {
    const [used, other] = [await assertion({ jti: 'once' }), await aClientKey()];
    await ask(used);
    const kid = { ...other, publicJwk: { ...other.publicJwk, kid: 'second' } };
    const named = { ...other, publicJwk: { ...other.publicJwk, kid: 'first' } };
    const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    const unsigned = `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.${Buffer.from('{"sub":"signing"}').toString('base64url')}.eA`;
    expect(await why(used)).toEqual({ reason: 'assertion.used_before', came: { jti: 'once' } });
    expect(await why(await assertion({}, kid))).toEqual({
      reason: 'assertion.key_unknown',
      came: { kid: 'second', alg: 'ES256' },
      expected: { kid: ['first'] },
    });
    expect(await why(await assertion({}, named))).toEqual({
      reason: 'assertion.signature_wrong',
      came: { kid: 'first', alg: 'ES256' },
    });
    expect(await why({ client_assertion: unsigned, client_assertion_type: type })).toEqual({
      reason: 'assertion.alg_not_allowed',
      came: { alg: 'HS256' },
      expected: { alg: ['RS256', 'PS256', 'ES256', 'Ed25519', 'EdDSA'] },
    });
    expect(await why({ client_assertion: 'x', client_assertion_type: type })).toEqual({
      reason: 'assertion.malformed',
    });
    expect(await why({ ...(await assertion()), client_assertion_type: 'jwt-bearer' })).toEqual({
      reason: 'assertion.type_wrong',
      came: { client_assertion_type: 'jwt-bearer' },
      expected: { client_assertion_type: type },
    });
  });

  it('for published keys that cannot be had, whose address only the operator hears of', async () => {
    const jwks_uri = 'https://127.0.0.1:1/keys';
    await aClient(server, { id: 'publishing', jwks_uri });
    const fields = await clientAssertion(key, { clientId: 'publishing', audience: server.url });
    const { reason, came } = await why(fields);
    expect({ reason, jwks_uri: came?.jwks_uri }).toEqual({ reason: 'client.jwks_uri_failed', jwks_uri });
    expect(came?.answer).not.toBe(undefined);
  });
});
