import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import * as openid from 'openid-client';
import { createUpstreamConfigurations } from '../../../src/authentication/upstream/upstream-configuration.ts';
import { explainUpstreamFailure } from '../../../src/authentication/upstream/upstream-failure.ts';
import { UpstreamUnavailable } from '../../../src/authentication/upstream/upstream-unavailable.ts';
import { statusAndMessage } from '../../support/browsers/browser.ts';
import { type TestServer, unique } from '../../support/servers/test-server.ts';
import { withStillTime } from '../../support/time/still-time.ts';
import { startUpstreamIdp, type UpstreamIdp } from '../../support/upstream/upstream-idp.ts';
import {
  AWAY,
  answerOf,
  CODE,
  somebody,
  startUpstreamWorld,
  UNUSABLE,
  type UpstreamWorld,
} from '../../support/upstream/upstream-world.ts';

let world: UpstreamWorld;
let server: TestServer;
beforeAll(async () => {
  world = await startUpstreamWorld();
  ({ server } = world);
});
afterAll(() => world.close());

describe('a provider’s keys', () => {
  /** A provider whose keys were never read, and its instance's client. */
  async function withProvider(
    change: Partial<UpstreamIdp>,
    work: (signIn: () => ReturnType<UpstreamWorld['signIn']>, provider: UpstreamIdp) => Promise<void>,
  ): Promise<void> {
    const provider = await startUpstreamIdp({ redirectUri: `${server.url}/auth/upstream/callback` });
    Object.assign(provider, change, { person: somebody() });
    const client = await world.aTenant(unique('keys'), { issuer: provider.issuer, first_sign_in: 'create' });
    try {
      await work(() => world.signIn(client, undefined), provider);
    } finally {
      await provider.close();
    }
  }

  let other: JWK;
  beforeAll(async () => {
    const pair = await generateKeyPair('RS256', { extractable: true });
    other = { ...(await exportJWK(pair.publicKey)), kid: 'other', use: 'sig', alg: 'RS256' };
  });
  const named = (kid: unknown) => (key: JWK) => ({ ...key, kid });
  const nameless = named(undefined);
  const nulls = { kid: null, alg: null, use: null, key_ops: null, ext: null, x5c: null, x5t: null };

  const good: [what: string, kid: unknown, alterKeys: (set: { keys: JWK[] }) => unknown][] = [
    ['one key, named nowhere', undefined, ({ keys }) => ({ keys: keys.map(nameless) })],
    ['several keys, named nowhere', undefined, ({ keys }) => ({ keys: [other, ...keys].map(nameless) })],
    [
      'several keys, named only in tokens',
      'upstream',
      ({ keys }) => ({ keys: [other, ...keys].map(nameless) }),
    ],
    ['several keys, named only in the set', undefined, ({ keys }) => ({ keys: [other, ...keys] })],
    [
      'several keys of one name',
      'upstream',
      ({ keys }) => ({ keys: [other, ...keys].map(named('upstream')) }),
    ],
    ['another key with a name', 'upstream', ({ keys }) => ({ keys: [other, ...keys.map(nameless)] })],
    ['null for a name in tokens', null, ({ keys }) => ({ keys: [other, ...keys] })],
    ['null in the set', 'upstream', ({ keys }) => ({ keys: keys.map((key) => ({ ...key, ...nulls })) })],
  ];
  it.each(good)('may be %s', async (_what, kid, alterKeys) => {
    await withProvider({ kid, alterKeys }, async (signIn) => {
      expect(answerOf(await signIn())).toEqual(CODE);
    });
  });

  const SIGNATURE = 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED';
  const NO_KEY = 'ERR_JWKS_NO_MATCHING_KEY';
  const wrong: [what: string, kid: unknown, alterKeys: (set: { keys: JWK[] }) => unknown, detail: string][] =
    [
      [
        'none that signed, named nowhere',
        undefined,
        () => ({ keys: [other, other].map(nameless) }),
        SIGNATURE,
      ],
      [
        'none that signed, under its name',
        'upstream',
        () => ({ keys: [other].map(named('upstream')) }),
        SIGNATURE,
      ],
      [
        'the right one under another name',
        'upstream',
        ({ keys }) => ({ keys: keys.map(named('x')) }),
        NO_KEY,
      ],
      [
        'one for encryption',
        undefined,
        ({ keys }) => ({ keys: keys.map((key) => ({ ...key, use: 'enc' })) }),
        NO_KEY,
      ],
      [
        'one for another algorithm',
        undefined,
        ({ keys }) => ({ keys: keys.map((key) => ({ ...key, alg: 'PS256' })) }),
        NO_KEY,
      ],
      ['no keys', undefined, () => ({ keys: [] }), NO_KEY],
      ['no set', undefined, () => ({ keys: null }), 'ERR_JWKS_INVALID'],
    ];
  it.each(wrong)('are refused where they are %s', async (_what, kid, alterKeys, detail) => {
    await withProvider({ kid, alterKeys }, async (signIn) => {
      expect(statusAndMessage(await signIn())).toEqual(UNUSABLE);
      expect(server.logLines().findLast((line) => line.detail !== undefined)?.detail).toBe(detail);
    });
  });

  it('are read again half a minute later where none of them has signed', async () => {
    await withStillTime(async ({ forward }) => {
      const before = { kid: undefined, alterKeys: () => ({ keys: [nameless(other)] }) };
      await withProvider(before, async (signIn, provider) => {
        expect(statusAndMessage(await signIn())).toEqual(UNUSABLE);
        provider.alterKeys = ({ keys }) => ({ keys: keys.map(nameless) });
        forward(31);
        expect(answerOf(await signIn())).toEqual(CODE);
      });
    });
  });

  it('have signed a userinfo that is a JWT', async () => {
    const pages: unknown[] = [];
    const alterDiscovery = (metadata: object) => ({
      ...metadata,
      userinfo_signing_alg_values_supported: ['RS256'],
    });
    await withProvider({ alterDiscovery }, async (signIn, provider) => {
      const sub = provider.person?.sub ?? '';
      const stranger = (await generateKeyPair('RS256')).privateKey;
      for (const key of [provider.privateJwk, stranger]) {
        const jwt = new SignJWT({ sub, name: null }).setProtectedHeader({ alg: 'RS256', kid: 'upstream' });
        provider.userinfoJwt = await jwt.sign(key);
        pages.push((await signIn()).status);
      }
    });
    expect(pages).toEqual([303, 400]);
  });

  it('that cannot be had are an outage', async () => {
    await withProvider({ keySet: 'failing' }, async (signIn) => {
      expect(statusAndMessage(await signIn())).toEqual(AWAY);
    });
  });

  it('that take too long are an outage, too', async () => {
    const issuer = 'https://provider.example';
    const id_token = await new SignJWT({ sub: 'somebody' })
      .setProtectedHeader({ alg: 'RS256' })
      .sign((await generateKeyPair('RS256')).privateKey);
    const answers: Record<string, object> = {
      '/.well-known/openid-configuration': {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/keys`,
      },
      '/token': { access_token: 'a', token_type: 'Bearer', id_token },
    };
    const configuration = await createUpstreamConfigurations(async (input) => {
      const answer = answers[new URL(String(input)).pathname];
      if (!answer) throw new DOMException('The time is over.', 'TimeoutError');
      return Response.json(answer);
    })({
      instanceId: 'any',
      issuer,
      clientId: 'listo',
      clientSecret: 'secret',
      scope: 'openid',
      claimMapping: {},
      firstSignIn: 'create',
      passAmr: false,
    });
    const callback = new URL('https://listo.example/callback?code=a');
    const error = await openid.authorizationCodeGrant(configuration, callback).catch((failure) => failure);
    expect(() =>
      explainUpstreamFailure(error, { provider: { issuer, clientId: 'listo' }, callbackUrl: callback }),
    ).toThrow(UpstreamUnavailable);
  });
});
