import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';
import { type ApplicationType, registerRedirectUri } from '../support/registrations/registration.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
  await database.knex('instances').insert({ id: 'demo', name: 'Demo' });
});
afterAll(() => database.close());

describe('a redirect URI is refused', () => {
  const HOST =
    'A host has letters, digits and hyphens between its dots, or is an address in full; a port is at most 65535.';
  const CHARACTERS =
    'Percent-encode spaces and whatever else RFC 3986 does not allow, and write an international host name in its xn-- form.';
  const HTTPS = 'Use https. Plain http is for localhost, 127.0.0.1 and [::1] only (RFC 9700 section 4.1.3).';
  const WEB_SCHEME =
    'Use https, or set application_type to native if this is an application installed on a device.';
  const DOMAIN = 'Use a domain you control, reversed: com.example.app:/callback (RFC 8252 section 7.1).';
  const LOOPBACK = 'A native application uses http on loopback (RFC 8252 section 7.3).';
  const WHOLE = 'Write it whole, with its scheme: https://app.example/callback.';
  const PLAIN = 'Write scheme://host/path, without user name or password.';

  const rows = (constraint: string, why: string, hint: string, type: ApplicationType, uris: string[]) =>
    uris.map(
      (uri) => [uri, type, `client "new": redirect URI "${uri}" ${why} (${constraint}): ${hint}`] as const,
    );

  it.each([
    ...rows('redirect_uri_absolute', 'is not absolute', WHOLE, 'web', [
      '',
      '/callback',
      'app.example/callback',
      '//app.example/callback',
    ]),
    ...rows(
      'redirect_uri_trimmed',
      'begins or ends with a space',
      'Leave the space out: redirect URIs are compared letter by letter.',
      'web',
      [
        ' https://app.example/',
        'https://app.example/callback ',
        'https://app.example/\t',
        'https://app.example/\n',
        '\u00a0https://app.example/',
        ' ',
      ],
    ),
    ...rows(
      'redirect_uri_no_fragment',
      'has a fragment',
      'Remove the # and what follows it (RFC 6749 section 3.1.2).',
      'web',
      ['https://app.example/#', 'https://app.example/#a', 'https://app.example#@evil.example/'],
    ),
    ...rows('redirect_uri_characters', 'has a character that does not belong in one', CHARACTERS, 'web', [
      'https://app.example/a b',
      'https://app.example\\@evil.example',
      'https://app.example/\\evil.example',
      'https://app.exämple/',
      'https://app.example/%',
      'https://app.example/%zz',
      'https://app.example/<a>',
      'https://app.example/*|',
      'https://app.example/`',
    ]),
    ...rows('redirect_uri_host', 'has no plain host', PLAIN, 'web', [
      'https:app.example',
      'https:/app.example',
      'https://',
      'https:///callback',
      'https://?a',
      'https://user@app.example/',
      'https://user:pw@app.example/',
      'http://127.0.0.1@evil.example/',
      'https://app.example%40@evil.example',
    ]),
    ...rows('redirect_uri_host', 'has a host or port that is not valid', HOST, 'web', [
      'https://app.example:/',
      'https://app.example:port/',
      'https://app.example:65536/',
      'https://app.example:123456/',
      'https://.example/',
      'https://app..example/',
      'https://app.example./',
      'https://-app.example/',
      'https://app-.example/',
      'https://app_1.example/',
      'https://app%2eexample/',
      'https://*.app.example/',
      'https://1.2.3/',
      'https://1.2.3.256/',
      'https://01.2.3.4/',
      'https://0x7f.0.0.1/',
      'https://app.0x1/',
      'https://2130706433/',
      'https://[::1/',
      'https://[::1]x/',
      'https://[1::2::3]/',
      'https://[127.0.0.1]/',
      'https://[fe80::1%25en0]/',
      `https://${'a'.repeat(64)}.example/`,
    ]),
    ...rows('redirect_uri_https', 'is http on a host other than loopback', HTTPS, 'web', [
      'http://app.example/callback',
      'HTTP://app.example/callback',
      'http://localhost.evil.example/',
      'http://127.0.0.1.evil.example/',
      'http://127.0.0.2/',
      'http://10.0.0.1/',
      'http://[::2]/',
      'http://[0:0:0:0:0:0:0:1]/',
      'http://localhost.localdomain/',
    ]),
    ...rows('redirect_uri_https', 'is http on a host other than loopback', HTTPS, 'native', [
      'http://app.example/callback',
    ]),
    ...rows('redirect_uri_native', 'is https on loopback', LOOPBACK, 'native', [
      'https://localhost/callback',
      'https://LOCALHOST:8443/',
      'https://127.0.0.1/',
      'https://[::1]:3000/',
      'https://[0:0:0:0:0:0:0:1]/',
    ]),
    ...[
      'javascript:alert(1)',
      'data:text/html,hello',
      'file:///etc/passwd',
      'com.example.app:/callback',
      'ftp://app.example/',
    ].flatMap((uri) =>
      rows(
        'redirect_uri_web_scheme',
        `has the scheme ${uri.split(':')[0]}, which a web client may not use`,
        WEB_SCHEME,
        'web',
        [uri],
      ),
    ),
    ...['javascript', 'data', 'vbscript', 'blob', 'file', 'about', 'myapp'].map(
      (scheme) =>
        [
          `${scheme}:/callback`,
          'native',
          `client "new": redirect URI "${scheme}:/callback": the private-use scheme ${scheme} is not a reversed domain name (redirect_uri_private_scheme): ${DOMAIN}`,
        ] as const,
    ),
    ...rows(
      'redirect_uri_host',
      'has no plain host',
      'Write one slash behind the scheme: com.example.app:/callback.',
      'native',
      [
        'com.example.app://user@host/',
        'com.example.app://host:80/',
        'com.example.app://[::1]/',
        'com.example.app://%41/',
      ],
    ),
  ])('%s of a %s client', async (uri, type, refused) => {
    expect(await registerRedirectUri(database, uri, { type })).toEqual({ refused });
    expect(await registerRedirectUri(database, uri, { type, column: 'post_logout_redirect_uris' })).toEqual({
      refused,
    });
  });

  it('also when it is NULL', async () => {
    expect(await registerRedirectUri(database, null as unknown as string)).toEqual({
      refused: `client "new": redirect URI "" is not absolute (redirect_uri_absolute): ${WHOLE}`,
    });
  });
});
