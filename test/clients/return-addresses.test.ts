import { generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';
import { mayReturnSignedOutTo, mayReturnTo } from '../../src/clients/allowed-now.ts';

const REGISTERED = [
  'https://app.example/callback',
  'https://app.example/callback?a=b',
  'com.example.app:/callback',
  'http://localhost/callback',
  'http://127.0.0.1:8080/callback',
  'http://[::1]/callback?x=1',
  'http://127.0.0.1',
];
const ASKED = [
  ...REGISTERED,
  'https://app.example/callback/',
  'https://app.example/Callback',
  'https://app.example:443/callback',
  'com.example.app:/callback2',
  'http://localhost:1/callback',
  'http://localhost:65535/callback',
  'http://localhost:65536/callback',
  'http://localhost:123456/callback',
  'http://localhost:/callback',
  'http://localhost:x/callback',
  'http://localhost:80callback',
  'http://localhost:1/other',
  'http://localhost:1/callback?a=b',
  'http://localhost:1/callback#a',
  'http://localhost.example/callback',
  'http://localhost@evil.example/callback',
  'http://evil.example@localhost:1/callback',
  'http://evil.example:80@127.0.0.1/callback',
  'https://localhost:1/callback',
  'HTTP://localhost:1/callback',
  'http://LOCALHOST:1/callback',
  'http://127.0.0.1:9/callback',
  'http://127.0.0.1:9',
  'http://127.0.0.1:9/',
  'http://127.1:9/callback',
  'http://[::1]:9/callback?x=1',
  'http://[::1]:9/callback?x=2',
  'http://[::2]:9/callback?x=1',
  '',
  'callback',
];

/** Our rule is the same at authorize, at the exchange and after signing out. It has to be the library's. */
describe('an address to return to', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { Client } = new Provider('http://localhost', {
    adapter: () => ({}) as never,
    jwks: { keys: [privateKey.export({ format: 'jwk' }) as never] },
    features: { devInteractions: { enabled: false } },
  });

  it.each(['web', 'native'] as const)(
    'of a %s client is registered where the protocol library says so',
    (applicationType) => {
      // The library's rule reads only these members of a client.
      const library = Object.assign(
        Reflect.construct(Client, [
          { client_id: 'x', redirect_uris: ['https://app.example/'], client_secret: 'x' },
        ]),
        {
          applicationType,
          redirectUris: REGISTERED,
          postLogoutRedirectUris: REGISTERED,
        },
      );
      const ours = { applicationType, redirectUris: REGISTERED, postLogoutRedirectUris: REGISTERED };
      for (const uri of ASKED) {
        const allowed = library.redirectUriAllowed(uri);
        expect({
          uri,
          mayReturn: mayReturnTo(ours, uri),
          signedOut: mayReturnSignedOutTo(ours, uri),
        }).toEqual({ uri, mayReturn: allowed, signedOut: library.postLogoutRedirectUriAllowed(uri) });
      }
    },
  );
});
