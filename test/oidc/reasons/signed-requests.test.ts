import {
  aClientKey,
  type Claims,
  type ClientKey,
  dpopProof,
  requestObject,
} from '../../support/clients/proofs.ts';
import { DEMO_WEB, postForm } from '../../support/clients/relying-party.ts';
import { aClient } from '../../support/registrations/factories.ts';
import { refusalsOf } from '../../support/servers/refusals-of.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

const now = () => Math.floor(Date.now() / 1000);
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'Ed25519', 'EdDSA'];

let server: TestServer;
let key: ClientKey;
let other: ClientKey;
beforeAll(async () => {
  server = await startTestServer();
  key = await aClientKey('ES256');
  other = await aClientKey('ES256');
  await aClient(server, { id: 'signing', jwks: { keys: [{ ...key.publicJwk, kid: 'first' }] } });
});
afterAll(() => server.close());

describe('why a request object was refused', () => {
  const asked = { response_type: 'code', redirect_uri: 'http://127.0.0.1:9999/callback', scope: 'openid' };
  const ask = async (client_id: string, request: string) => {
    const query = new URLSearchParams({ client_id, ...asked, request });
    const act = () => fetch(`${server.url}/auth/authorize?${query}`, { redirect: 'manual' });
    return (await refusalsOf(server, act)).at(-1);
  };
  const signed = (claims: Claims, header: Record<string, unknown> = {}, by = key) =>
    requestObject(by, { clientId: 'signing', audience: server.url }, { ...asked, ...claims }, header);

  it.each([
    [
      'for another server',
      { aud: 'https://other.example' },
      'audience_wrong',
      { aud: 'https://other.example' },
    ],
    ['of another issuer', { iss: 'web' }, 'issuer_wrong', { iss: 'web' }],
    ['of another client inside', { client_id: 'web' }, 'of_another_client', { client_id: 'web' }],
    ['that is an assertion', { sub: 'signing' }, 'is_assertion', { sub: 'signing' }],
    ['that expired', { exp: 1_700_000_000 }, 'expired', { exp: '2023-11-14T22:13:20Z' }],
    ['without an end', { exp: undefined }, 'claim_missing', undefined],
    ['that lives for years', { exp: 4_000_000_000 }, 'lives_too_long', { exp: '2096-10-02T07:06:40Z' }],
    ['with one inside', { request: 'x' }, 'nested', undefined],
    ['with a list', { scope: ['openid'] }, 'parameter_malformed', { parameter: 'scope' }],
    ['with a jti that is a number', { jti: 1 }, 'claim_wrong', { claim: 'jti' }],
  ])('%s', async (_what, claims, reason, came) => {
    const why = await ask('signing', await signed(claims));
    expect({ reason: why?.reason, came: why?.came }).toEqual({ reason: `request_object.${reason}`, came });
  });

  it('of another key, type, or form', async () => {
    const whys = {
      key: await ask('signing', await signed({}, { kid: 'second' }, other)),
      type: await ask('signing', await signed({}, { typ: 'at+jwt' })),
      encrypted: await ask('signing', 'a.b.c.d.e'),
      without: await ask(DEMO_WEB.client_id, await signed({})),
    };
    expect(whys).toEqual({
      key: {
        reason: 'request_object.signature_wrong',
        came: { kid: 'second' },
        expected: { kid: ['first'] },
      },
      type: {
        reason: 'request_object.type_wrong',
        came: { typ: 'at+jwt' },
        expected: { typ: ['jwt', 'oauth-authz-req+jwt', 'application/oauth-authz-req+jwt'] },
      },
      encrypted: { reason: 'request_object.encrypted' },
      without: { reason: 'request_object.client_without_keys' },
    });
  });
});

describe('why the proof of a pushed request was refused', () => {
  const push = async (DPoP: string, more: Record<string, string> = {}) => {
    const { client_id, client_secret, redirect_uri } = DEMO_WEB;
    const fields = {
      client_id,
      client_secret,
      redirect_uri,
      response_type: 'code',
      scope: 'openid',
      ...more,
    };
    return (await refusalsOf(server, () => postForm(`${server.url}/auth/par`, fields, { DPoP }))).at(-1);
  };
  const htu = () => `${server.url}/auth/par`;

  it('for another address or method, too old, or no proof at all', async () => {
    const whys = {
      address: await push(await dpopProof(key, { htu: `${server.url}/auth/token?a=b` })),
      method: await push(await dpopProof(key, { htu: htu(), htm: 'GET' })),
      old: (await push(await dpopProof(key, { htu: htu() }, { iat: now() - 3600 })))?.reason,
      none: await push('garbage'),
    };
    expect(whys).toEqual({
      address: {
        reason: 'proof.htu_wrong',
        came: { htu: `${server.url}/auth/token?a=…` },
        expected: { htu: htu() },
      },
      method: { reason: 'proof.htm_wrong', came: { htm: 'GET' }, expected: { htm: 'POST' } },
      old: 'proof.iat_not_recent',
      none: { reason: 'proof.malformed', expected: { typ: 'dpop+jwt', alg: ALGORITHMS } },
    });
  });

  it('used before, or of another key than dpop_jkt names', async () => {
    const proof = await dpopProof(key, { htu: htu() });
    const whys = {
      first: await push(proof),
      again: await push(proof),
      other: await push(await dpopProof(key, { htu: htu() }), { dpop_jkt: 'A'.repeat(43) }),
    };
    expect(whys).toEqual({
      first: undefined,
      again: { reason: 'proof.used_before' },
      other: { reason: 'dpop_jkt.of_another_key' },
    });
  });
});
