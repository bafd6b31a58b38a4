import { type ApplicationType, registerRedirectUri } from '../support/registrations/registration.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** Begins to sign in, and returns the answer of a server that knows the client and its redirect URI. */
async function authorize(client_id: string, redirect_uri: string, more: Record<string, string> = {}) {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id,
    redirect_uri,
    scope: 'openid',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    ...more,
  });
  const answer = await fetch(`${server.url}/auth/authorize?${query}`, { redirect: 'manual' });
  return { status: answer.status, location: answer.headers.get('location') ?? (await answer.text()) };
}

describe('a redirect URI is accepted and served', () => {
  it.each<[string, ApplicationType]>([
    ['https://app.example', 'web'],
    ['https://app.example/callback', 'web'],
    ['https://app.example:8443/callback?tenant=a&b=c%20d', 'web'],
    ['https://app.example:443/', 'web'],
    ['HTTPS://App.Example/Callback', 'web'],
    ['https://xn--mnchen-3ya.example/callback', 'web'],
    ['https://192.0.2.1/callback', 'web'],
    ['https://[2001:db8::1]:8443/callback', 'web'],
    ['https://localhost/callback', 'web'],
    ['http://localhost:3000/callback', 'web'],
    ['http://127.0.0.1/callback', 'web'],
    ['http://[::1]:5173/callback', 'web'],
    ["https://app.example/a/../b;c=d/(e)/!$&'*+,=:@~", 'web'],
    ['https://app.example/%C3%A9?q=[a]', 'web'],
    ['https://app.example?', 'web'],
    ['https://app.example/callback', 'native'],
    ['http://localhost/callback', 'native'],
    ['http://127.0.0.1/callback', 'native'],
    ['http://[::1]/callback', 'native'],
    ['com.example.app:/callback', 'native'],
    ['com.example.app:callback', 'native'],
    ['com.example.app://callback', 'native'],
    ['com.example.app:///callback', 'native'],
    ['com.example.app:', 'native'],
    ['Com.Example.App-1:/callback?a=b', 'native'],
  ])('%s of a %s client', async (uri, type) => {
    const { id = '' } = (await registerRedirectUri(server.database, uri, { type })) as { id?: string };
    expect(await authorize(id, uri)).toEqual({
      status: 303,
      location: expect.stringMatching(/^\/interaction\/[^/]+$/),
    });

    // The target is the registered string with nothing added but the answer: to the character where it has a query,
    // and as a browser reads it where it has none.
    const { status, location } = await authorize(id, uri, { prompt: 'none', state: 'the state' });
    expect(status).toBe(303);
    const sent = new URL(location).searchParams;
    const answer = new URLSearchParams();
    for (const name of ['error', 'error_description', 'state', 'iss', 'error_uri'])
      answer.set(name, sent.get(name) ?? '');
    const address = uri.includes('?') ? uri : `${new URL(uri).href}?`;
    expect(location).toBe(`${address}${address.endsWith('?') ? '' : '&'}${answer}`);
    expect(new URL(location).searchParams.get('error')).toBe('login_required');
  });

  it('only as the string that is registered, even where a browser makes the same of another', async () => {
    const { id } = (await registerRedirectUri(server.database, 'https://app.example/callback')) as {
      id: string;
    };
    for (const other of [
      'https://app.example/callback/',
      'https://app.example:443/callback',
      'https://APP.example/callback',
      'https://app.example/%63allback',
      'https://app.example/x/../callback',
      'https://app.example/callback?',
      'https://app.example/callback?a=b',
    ]) {
      expect((await authorize(id, other)).status).toBe(400);
    }
  });

  it('on any port of loopback for a native client, and only there', async () => {
    const { id: native } = (await registerRedirectUri(server.database, 'http://127.0.0.1/callback', {
      type: 'native',
    })) as {
      id: string;
    };
    const { id: web } = (await registerRedirectUri(server.database, 'http://127.0.0.1/callback')) as {
      id: string;
    };
    expect((await authorize(native, 'http://127.0.0.1:51004/callback')).status).toBe(303);
    expect((await authorize(native, 'http://localhost:51004/callback')).status).toBe(400);
    expect((await authorize(web, 'http://127.0.0.1:51004/callback')).status).toBe(400);
  });
});

describe('whatever the database accepts', () => {
  const hosts = [
    ...[
      'app.example',
      'APP.example',
      'a',
      'a-b.c1',
      'a--b.example',
      'xn--a.example',
      '3.example',
      'example.3com',
    ],
    ...['1.2.3.4', '255.255.255.255', '256.1.1.1', '1.2.3', '0x1.2.3.4', '1.2.3.0x4', '1.2.3.4.', '00.0.0.0'],
    ...[
      'localhost',
      'localhost.',
      '127.0.0.1',
      '127.1',
      '[::1]',
      '[0::1]',
      '[::]',
      '[::ffff:1.2.3.4]',
      '[::1.2.3]',
    ],
    ...[
      '[1:2:3:4:5:6:7:8]',
      '[1:2:3:4:5:6:7::]',
      '[1:2:3:4:5:6:7:8:9]',
      '[12345::]',
      '[::1]]',
      '[]',
      '[:]',
      '',
    ],
  ];
  const places = [
    '',
    ':80',
    ':0',
    ':00080',
    ':65535',
    ':65536',
    ':',
    '/%41',
    '?',
    '/a//b',
    '/;/[',
    '/@',
    '/..',
  ];
  const schemes = ['https', 'http'];
  const tried = schemes.flatMap((scheme) =>
    hosts.flatMap((host, n) => [
      `${scheme}://${host}/`,
      // Combines each host with some of the places, so that every place meets several hosts.
      ...places.filter((_, m) => (n + m) % 7 === 0).map((place) => `${scheme}://${host}${place}`),
    ]),
  );

  it.each<ApplicationType>(['web', 'native'])(
    'the protocol library accepts too, of a %s client',
    async (type) => {
      const unlike: unknown[] = [];
      let accepted = 0;
      for (const uri of tried) {
        const result = await registerRedirectUri(server.database, uri, { type });
        if ('refused' in result) continue;
        accepted += 1;
        const { status, location } = await authorize(result.id, uri);
        if (status !== 303 || !location.startsWith('/interaction/')) unlike.push({ uri, status, location });
      }
      expect(unlike).toEqual([]);
      expect(accepted).toBeGreaterThan(30);
    },
  );
});
