import { createUpstreamConfigurations } from '../../../src/authentication/upstream/upstream-configuration.ts';
import { statusAndMessage } from '../../support/browsers/browser.ts';
import type { TestClient } from '../../support/registrations/factories.ts';
import type { TestServer } from '../../support/servers/test-server.ts';
import type { UpstreamIdp } from '../../support/upstream/upstream-idp.ts';
import {
  answerOf,
  CODE,
  somebody,
  startUpstreamWorld,
  UNUSABLE,
  type UpstreamWorld,
} from '../../support/upstream/upstream-world.ts';

let world: UpstreamWorld;
let server: TestServer;
let idp: UpstreamIdp;
let open: TestClient;
beforeAll(async () => {
  world = await startUpstreamWorld();
  ({ server, idp } = world);
  open = await world.aTenant('open', { first_sign_in: 'create' });
});
afterAll(() => world.close());
beforeEach(() => {
  idp.alterIdToken = undefined;
  idp.alterTokens = undefined;
  idp.alterUserinfo = undefined;
});

/** Lone halves of a pair, which UTF-8 cannot say. */
const ILL_FORMED = 'half \ud800 of a pair';

describe('an ID token', () => {
  const refused: [claim: string, values: unknown[]][] = [
    ['sub', ['', null, 7, true, {}, ['a'], 'x'.repeat(256), 'NUL \0', ILL_FORMED]],
    ['iss', ['', null, 7, ['https://evil.example']]],
    ['aud', ['', null, 7, {}, [], ['somebody-else'], [7]]],
    ['azp', ['somebody-else', 7, {}]],
    ['exp', [null, '4102444800', {}, -1]],
    ['iat', [null, 'now', {}]],
    ['nbf', ['now', 4_102_444_800]],
    ['nonce', ['', null, 7, ['a']]],
    ['auth_time', ['now', {}, [], -1, true]],
  ];
  it.each(refused)('whose %s is of another type or value is a page that says so', async (claim, values) => {
    const pages = [];
    for (const value of values) {
      idp.alterIdToken = (claims) => ({ ...claims, [claim]: value }) as typeof claims;
      pages.push({ value, ...statusAndMessage(await world.signIn(open, somebody())) });
    }
    expect(pages).toEqual(values.map((value) => ({ value, ...UNUSABLE })));
  });

  it('names one person with a subject of 255 characters, spaces and all', async () => {
    for (const sub of ['x'.repeat(255), ' ', 'Zoë 🦊', '0', '__proto__', '../..', "'; --"]) {
      idp.alterIdToken = (claims) => ({ ...claims, sub });
      idp.alterUserinfo = (claims) => ({ ...claims, sub });
      expect(answerOf(await world.signIn(open, somebody()))).toEqual(CODE);
    }
  });

  it('may hold any other claim, which is left out if it cannot be used', async () => {
    for (const value of [null, 7, {}, [], true, '', ILL_FORMED, 'x'.repeat(5000)]) {
      idp.alterIdToken = (claims) => ({ ...claims, name: value, email: value, email_verified: value });
      expect(answerOf(await world.signIn(open, somebody()))).toEqual(CODE);
    }
  });
});

describe('an answer with tokens', () => {
  it.each<[string, unknown]>([
    ['no object', null],
    ['no object', []],
    ['no object', 'text'],
    ['empty', {}],
    ['without an ID token', { access_token: 'a', token_type: 'Bearer' }],
    ['with an ID token that is no text', { access_token: 'a', token_type: 'Bearer', id_token: 7 }],
    ['with an ID token that is none', { access_token: 'a', token_type: 'Bearer', id_token: 'a.b.c' }],
    [
      'with an ID token without a signature',
      { access_token: 'a', token_type: 'Bearer', id_token: 'e30.e30.' },
    ],
  ])('%s is a page that says so: %j', async (_what, answer) => {
    idp.alterTokens = () => answer;
    expect(statusAndMessage(await world.signIn(open, somebody()))).toEqual(UNUSABLE);
  });

  it.each<[string, unknown]>([
    ['access_token', 7],
    ['access_token', ''],
    ['token_type', null],
    ['token_type', 'mac'],
    ['expires_in', {}],
    ['expires_in', -1],
    ['refresh_token', {}],
    ['scope', ['openid']],
  ])('whose %s is %j is a page that says so', async (member, value) => {
    idp.alterTokens = (answer) => ({ ...answer, [member]: value });
    expect(statusAndMessage(await world.signIn(open, somebody()))).toEqual(UNUSABLE);
  });
});

describe('an answer of userinfo', () => {
  it.each<[string, unknown]>([
    ['no object', null],
    ['no object', []],
    ['no object', 'text'],
    ['no object', 7],
    ['without a subject', {}],
    ['about nobody', { sub: '' }],
    ['about somebody else', { sub: 'somebody-else' }],
    ['with a subject of another type', { sub: 7 }],
    ['with a subject of another type', { sub: ['a'] }],
  ])('%s is a page that says so: %j', async (_what, answer) => {
    idp.alterUserinfo = () => answer;
    expect(statusAndMessage(await world.signIn(open, somebody()))).toEqual(UNUSABLE);
  });

  it('may hold any other claim, and changes nothing that the ID token says', async () => {
    for (const value of [null, 7, {}, [], ILL_FORMED]) {
      idp.alterUserinfo = (claims) => ({ ...claims, iss: 'x', auth_time: 'x', name: value, email: value });
      expect(answerOf(await world.signIn(open, somebody()))).toEqual(CODE);
    }
  });
});

it('none of these is a fault of ours', () => {
  expect(server.logLines().filter(({ level }) => level === 'error' || Number(level) >= 50)).toEqual([]);
});

describe('a provider’s metadata', () => {
  const issuer = 'https://provider.example';
  const GOOD = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/keys`,
    userinfo_endpoint: `${issuer}/me`,
  };
  const discover = (metadata: unknown) =>
    createUpstreamConfigurations(async () => Response.json(metadata))({
      instanceId: 'any',
      issuer,
      clientId: 'listo',
      clientSecret: 'secret',
      scope: 'openid',
      claimMapping: {},
      firstSignIn: 'create',
      passAmr: false,
    });

  it('may leave out what is optional, or say null for it', async () => {
    const { userinfo_endpoint: _, ...required } = GOOD;
    const nulls = {
      userinfo_endpoint: null,
      token_endpoint_auth_methods_supported: null,
      id_token_signing_alg_values_supported: null,
    };
    for (const metadata of [GOOD, required, { ...GOOD, ...nulls }])
      expect((await discover(metadata)).serverMetadata().issuer).toBe(issuer);
  });

  it.each<[string, unknown[]]>([
    [
      'authorization_endpoint',
      [undefined, null, 7, '', '/authorize', 'javascript:alert(1)', 'data:text/html,', {}],
    ],
    ['token_endpoint', [undefined, null, 7, '', 'file:///etc/passwd', []]],
    ['jwks_uri', [undefined, null, 7, '', 'ftp://provider.example/keys']],
    ['userinfo_endpoint', [7, '', {}]],
    ['token_endpoint_auth_methods_supported', ['client_secret_basic', {}, [7]]],
    ['id_token_signing_alg_values_supported', ['RS256', {}, [null]]],
  ])('is not used where its %s is of another type or value', async (member, values) => {
    for (const value of values)
      await expect(discover({ ...GOOD, [member]: value })).rejects.toThrow(
        `The provider's metadata cannot be used: ${member}.`,
      );
  });

  it.each([null, [], 'text', 7, {}, { ...GOOD, issuer: 7 }, { ...GOOD, issuer: 'https://evil.example' }])(
    'is not used where it is %j',
    async (metadata) => {
      await expect(discover(metadata)).rejects.toThrow();
    },
  );
});
