import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Provider } from 'oidc-provider';
import { replace } from '../../src/oidc/corrections/replace.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

/** The library without our parts and without warnings. */
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const STOCK = {
  adapter: () => ({}) as never,
  jwks: { keys: [privateKey.export({ format: 'jwk' }) as never] },
  features: { devInteractions: { enabled: false } },
};

/**
 * The parts of the protocol library on which this server depends, beside its configuration. Use this list to check a
 * new release.
 */
describe('the protocol library', () => {
  let server: TestServer;
  let provider: Provider;
  beforeAll(async () => {
    server = await startTestServer();
    provider = server.services.live.current;
  });
  afterAll(() => server.close());

  it('is installed in exactly the version that was read', () => {
    const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
    const { version } = read('../../node_modules/oidc-provider/package.json');
    expect(read('../../package.json').dependencies['oidc-provider']).toBe(version);
  });

  it.each<[string, (provider: Provider) => object, string[]]>([
    ['Client', ({ Client }) => Client, ['find']],
    [
      'Client.prototype',
      ({ Client }) => Client.prototype,
      ['redirectUriAllowed', 'grantTypeAllowed', 'responseTypeAllowed', 'responseModeAllowed'],
    ],
    ['IdToken', ({ IdToken }) => IdToken, ['validate']],
    ['IdToken.prototype', ({ IdToken }) => IdToken.prototype, ['issue']],
    ['ReplayDetection', ({ ReplayDetection }) => ReplayDetection, ['unique']],
    ['Session.prototype', ({ Session }) => Session.prototype, ['save', 'destroy', 'loginAccount']],
    ['the Provider', (own) => own, ['cookieName']],
  ])('has on %s what is replaced there', (_name, target, members) => {
    const own = target(provider) as Record<string, unknown>;
    const stock = target(new Provider('http://localhost', STOCK)) as Record<string, unknown>;
    for (const member of members) {
      expect({ member, stock: typeof stock[member] }).toEqual({ member, stock: 'function' });
      // If ours is another function, nobody has restored the library's behaviour.
      expect({ member, isStock: String(own[member]) === String(stock[member]) }).toEqual({
        member,
        isStock: false,
      });
    }
  });

  it.each<[string, (provider: Provider) => object, string[]]>([
    [
      'the Provider',
      (own) => own,
      ['callback', 'createContext', 'interactionDetails', 'interactionResult', 'use', 'on'],
    ],
    ['Grant.prototype', ({ Grant }) => Grant.prototype, ['addOIDCScope']],
    ['Session', ({ Session }) => Session, ['get']],
    ['Session.prototype', ({ Session }) => Session.prototype, ['resetIdentifier', 'persist']],
  ])('has on %s what is called there', (_name, target, members) => {
    for (const member of members)
      expect({ member, type: typeof (target(provider) as Record<string, unknown>)[member] }).toEqual({
        member,
        type: 'function',
      });
  });

  it('keeps the id that a session had before in oldId, and that it has to be saved in touched', () => {
    const session = new provider.Session();
    const { jti } = session;
    session.resetIdentifier();
    expect({ ...session }).toMatchObject({ oldId: jti, touched: true });
  });
});

describe('what replaces a member of the library', () => {
  class Token {
    static find(): string {
      return 'stock';
    }
    destroy(): string {
      return 'stock';
    }
  }

  it('stands in its place, also where the member is inherited', () => {
    class AccessToken extends Token {}
    replace(AccessToken, { find: () => 'ours' });
    replace(AccessToken.prototype, { destroy: () => 'ours' });
    expect({
      found: AccessToken.find(),
      destroyed: new AccessToken().destroy(),
      parent: Token.find(),
    }).toEqual({ found: 'ours', destroyed: 'ours', parent: 'stock' });
  });

  it('is refused when the server starts, and nothing replaced, where there is no such member', () => {
    class AccessToken extends Token {}
    expect(() => replace(AccessToken, { find: () => 'ours', lookUp: () => 'ours' })).toThrow(
      'oidc-provider has no member "lookUp" to replace (AccessToken).',
    );
    expect(() => replace(AccessToken.prototype, { revoke: () => 'ours' })).toThrow(
      'oidc-provider has no member "revoke" to replace (AccessToken.prototype).',
    );
    expect(AccessToken.find()).toBe('stock');
  });
});
