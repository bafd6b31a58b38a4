import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK } from 'jose';
import { freePort } from '../../../scripts/free-port.ts';
import { aFapiClient, FAPI_CALLBACK } from '../../support/clients/fapi-client.ts';
import { aClientKey } from '../../support/clients/proofs.ts';
import { DEMO_WEB } from '../../support/clients/relying-party.ts';
import { DEMO_SERVICE } from '../../support/clients/token-provider.ts';
import { aClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { startBehindTlsProxy } from '../../support/servers/tls-proxy.ts';
import { played } from './played.ts';

const SECRET = DEMO_WEB.client_secret;
const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

let server: TestServer;
let folder: string;
beforeAll(async () => {
  server = await startTestServer();
  folder = mkdtempSync(join(tmpdir(), 'listo-flow-'));
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** The names of the steps. */
const stepsIn = (out: readonly string[]) =>
  out.flatMap((line) => (line.startsWith('== ') ? [line.slice(3)] : []));
const curlsIn = (out: readonly string[]) => out.filter((line) => line.startsWith('curl '));

const aFile = (name: string, content: string) => {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
};
const CREDENTIALS = 'Does the server take the credentials of the client?';
const SIGN_IN = [
  'Discovery',
  'Does the server take the authorization request?',
  'The person signs in',
  'Exchange the code',
];

describe('listo flow plays the flow', () => {
  it('of a web application with a secret on standard input, and LiSTNR with its ID token', async () => {
    const { code, out, text, err } = await played(server, ['client_demo_web', '--listnr', 'demo-app'], {
      secret: SECRET,
    });
    const [first = '', ...then] = SIGN_IN;
    expect(stepsIn(out)).toEqual([
      ...[first, CREDENTIALS, ...then, 'Userinfo', 'Introspection'],
      'A LiSTNR token for demo-app',
      'Refresh',
      'Revocation',
    ]);
    expect({ code, last: out.at(-1) }).toEqual({ code: 0, last: 'Everything went well.' });
    expect(text).toContain('ID token, whose signature and claims are right');
    expect(text).toContain('LiSTNR token, whose signature is right');
    expect(curlsIn(out).filter((line) => line.includes(`-u 'client_demo_web':"$SECRET"`))).toHaveLength(5);
    expect(`${text}${err}`).not.toContain(SECRET);
    // A JWT whole, or a code or refresh token.
    expect(text).not.toMatch(/eyJ[\w-]{30,}|[&?]code=[\w-]{20,}|"refresh_token":"[\w.-]{20,}/);
  });

  it('of one that sends its secret in the body, from a file', async () => {
    const file = aFile('secret', `${SECRET}\n`);
    const { code, out } = await played(server, ['client_demo_web', '--auth', 'post', '--secret-file', file]);
    expect(code).toBe(0);
    expect(curlsIn(out).filter((line) => line.includes('-d "client_secret=$SECRET"'))).toHaveLength(5);
  });

  it('of a public page, which asks for consent', async () => {
    const { code, out } = await played(server, ['client_demo_spa']);
    expect({ code, steps: stepsIn(out) }).toEqual({
      code: 0,
      steps: [...SIGN_IN, 'Userinfo', 'Refresh', 'Revocation'],
    });
  });

  it('of an installed application, at a port that is free', async () => {
    const { client_id } = await aClient(server, {
      type: 'public',
      application_type: 'native',
      answer_silently: true,
      redirect_uris: ['http://127.0.0.1/done'],
    });
    const { code, text } = await played(server, [client_id]);
    expect(code).toBe(0);
    expect(text).toMatch(/redirect_uri=http%3A%2F%2F127\.0\.0\.1%3A\d+%2Fdone/);
  });

  it('of an application elsewhere, whose person pastes where the browser ended', async () => {
    const { client_id, client_secret } = await aClient(server, {
      redirect_uris: ['https://app.example/callback'],
    });
    const { code, err } = await played(server, [client_id], {
      secret: client_secret,
      stopAt: 'https://app.example/callback',
    });
    expect({ code, asked: err.includes('Paste the address at which the browser ended: ') }).toEqual({
      code: 0,
      asked: true,
    });
  });

  it('of a device', async () => {
    const { client_id } = await aClient(server, {
      ...{ type: 'public', redirect_uris: [], grant_types: [DEVICE_CODE, 'refresh_token'] },
    });
    const { code, out } = await played(server, [client_id]);
    expect({ code, steps: stepsIn(out) }).toEqual({
      code: 0,
      steps: [
        ...['Discovery', 'The device asks for a code', 'The person signs in'],
        ...['The device asks until the person has decided', 'Userinfo', 'Refresh', 'Revocation'],
      ],
    });
  });

  it('of a backend with a key in a file, as JWK and as PEM', async () => {
    const key = await aClientKey();
    const { client_id } = await aClient(server, { jwks: { keys: [key.publicJwk] } });
    const file = aFile('key.jwk', JSON.stringify(await exportJWK(key.privateKey)));
    const { code, out, text } = await played(server, [client_id, '--key-file', file]);
    expect(code).toBe(0);
    expect(curlsIn(out).filter((line) => line.includes('-d "client_assertion=$ASSERTION"'))).toHaveLength(5);
    expect(text).not.toContain('eyJ0eXAi');
  });

  it.each(['fapi2', 'fapi2_message_signing'] as const)(
    'of a client with the profile %s',
    async (security_profile) => {
      const key = await aClientKey();
      const { client_id } = await aFapiClient(server, { security_profile }, key);
      const file = aFile('fapi.jwk', JSON.stringify({ ...(await exportJWK(key.privateKey)), alg: 'ES256' }));
      const { code, out, text } = await played(server, [client_id, '--key-file', file], {
        stopAt: FAPI_CALLBACK,
      });
      expect({ code, failure: code === 0 ? '' : text }).toEqual({ code: 0, failure: '' });
      expect(stepsIn(out)).toContain('Push the authorization request');
      expect(curlsIn(out).some((line) => line.includes('-H "DPoP: $DPOP"'))).toBe(true);
    },
  );

  it.each([
    ['form_post', 'http://127.0.0.1:9999/callback'],
    ['form_post.jwt', 'http://127.0.0.1:9999/callback'],
    ['query.jwt', 'http://127.0.0.1:9999/callback'],
    ['fragment', 'https://app.example/callback'],
  ])('of an application that is answered by %s', async (mode, redirectUri) => {
    const { client_id, client_secret } = await aClient(server, {
      ...{ redirect_uris: [redirectUri], response_modes: [mode] },
    });
    const { code, text } = await played(server, [client_id], { secret: client_secret, stopAt: redirectUri });
    expect({ code, text: code === 0 ? '' : text }).toEqual({ code: 0, text: '' });
  });

  it('of an application whose address has parameters of its own, or no path', async () => {
    for (const uri of ['http://127.0.0.1:9999/callback?tenant=1', 'http://127.0.0.1:9999']) {
      const { client_id, client_secret } = await aClient(server, { redirect_uris: [uri] });
      const { code, text } = await played(server, [client_id], { secret: client_secret });
      expect({ code, text: code === 0 ? '' : text }).toEqual({ code: 0, text: '' });
    }
  });

  it('of a backend that asks LiSTNR', async () => {
    const { code, out, text } = await played(server, ['demo-service', '--subject', 'ada'], {
      secret: DEMO_SERVICE.secret,
    });
    expect({ code, steps: stepsIn(out) }).toEqual({ code: 0, steps: ['A LiSTNR token for demo-service'] });
    expect(text).toMatch(/sub +"ada"/);
    expect(text).not.toContain(DEMO_SERVICE.secret);
  });

  it('where no database can be read, as the options say', async () => {
    const away = () => Promise.reject(new Error('The database is away.'));
    const { code, text } = await played(
      server,
      ['client_demo_spa', '--auth', 'none', '--redirect-uri', 'http://127.0.0.1:9999/spa/callback'],
      { openDatabase: away },
    );
    expect(code).toBe(0);
    expect(text).toContain('The registration cannot be read here, so the options describe the client.');
  });

  it('for a program, as JSON', async () => {
    const { code, text } = await played(server, ['client_demo_spa', '--json']);
    const read = JSON.parse(text);
    expect({
      code,
      done: read.done,
      steps: [...new Set(read.exchanges.map(({ step }: { step: string }) => step))],
    }).toEqual({
      ...{ code: 0, done: true },
      steps: [
        'Discovery',
        'Does the server take the authorization request?',
        'Exchange the code',
        'Userinfo',
        'Refresh',
        'Revocation',
      ],
    });
  });
});

describe('listo flow explains', () => {
  const failure = (out: readonly string[]) => {
    const lines = out.slice(out.indexOf('It failed:') + 1);
    return Object.fromEntries(lines.map((line) => [line.split(/ {2,}/)[0], line.split(/ {2,}/)[1]]));
  };

  it('a wrong secret, by the record of the refusal', async () => {
    const { code, out } = await played(server, ['client_demo_web'], { secret: 'wrong' });
    expect(code).toBe(1);
    expect(failure(out)).toMatchObject({
      endpoint: '/auth/introspect',
      error: 'invalid_client',
      reason: 'client.secret_wrong',
    });
  });

  it('a secret that has expired, before a person signs in', async () => {
    const { client_id, client_secret } = await aClient(server);
    await server.database
      .knex('client_secrets')
      .insert({ client_id, name: 'next', digest: `sha256:${'0'.repeat(64)}` });
    await server.database
      .knex('client_secrets')
      .where({ client_id, name: 'default' })
      .update({ expires_at: new Date(Date.now() - 1000) });
    const { code, out } = await played(server, [client_id], { secret: client_secret });
    expect({ code, step: stepsIn(out).at(-1) }).toEqual({ code: 1, step: CREDENTIALS });
    expect(failure(out)).toMatchObject({ error: 'invalid_client', reason: 'client.secret_expired' });
  });

  it('that the person has not decided in time', async () => {
    const { code, text } = await played(server, ['client_demo_device', '--timeout', '1'], { stays: true });
    expect(code).toBe(1);
    expect(text).toContain('The person has not decided in time.');
  });

  it('an address that is not registered, before anybody opens a page', async () => {
    const { code, out } = await played(server, [
      'client_demo_spa',
      '--redirect-uri',
      'http://127.0.0.1:9999/spa/calback',
    ]);
    expect({ code, steps: stepsIn(out).at(-1) }).toEqual({
      code: 1,
      steps: 'Does the server take the authorization request?',
    });
    expect(failure(out)).toMatchObject({
      error: 'invalid_redirect_uri',
      'expected redirect_uri': expect.any(String),
    });
  });

  it('a scope that is not registered', async () => {
    const { code, out } = await played(server, ['client_demo_spa', '--scope', 'openid profil']);
    expect(code).toBe(1);
    expect(failure(out)).toMatchObject({ error: 'invalid_scope' });
  });

  it('a refusal that comes back at once by redirect', async () => {
    const { client_id } = await aClient(server, { type: 'public', require_consent: true });
    const { code, out } = await played(server, [client_id, '--claims', '{"id_token":{"email":1}}']);
    expect({ code, step: stepsIn(out).at(-1) }).toEqual({
      code: 1,
      step: 'Does the server take the authorization request?',
    });
    expect(failure(out)).toMatchObject({ error: 'invalid_request', reason: 'claims.malformed' });
  });

  it('a refusal that comes by redirect later, such as one to somebody who is not signed in', async () => {
    const { code, out } = await played(server, ['client_demo_web', '--prompt', 'none'], { secret: SECRET });
    expect(code).toBe(1);
    expect(failure(out)).toMatchObject({ error: 'login_required', reason: 'session.none' });
  });

  it('a refusal by asking the server, where no database can be read', async () => {
    const words = ['--redirect-uri', DEMO_WEB.redirect_uri, '--scope', 'openid profil'];
    const { code, out } = await played(server, ['client_demo_web', ...words], {
      secret: SECRET,
      openDatabase: () => Promise.reject(new Error('The database is away.')),
    });
    expect(code).toBe(1);
    expect(curlsIn(out).at(-1)).toContain(`${server.url}/auth/explain' -u 'client_demo_web':"$SECRET"`);
    expect(failure(out)).toMatchObject({ error: 'invalid_scope', reason: 'scope.not_allowed' });
  });

  it('a secret of LiSTNR that is wrong', async () => {
    const { code, out } = await played(server, ['demo-service', '--subject', 'ada'], { secret: 'wrong' });
    expect(code).toBe(1);
    expect(failure(out)).toMatchObject({ service: 'listnr', reason: 'listnr.secret_wrong' });
  });

  it('a LiSTNR client that comes with ID tokens', async () => {
    const { code, err } = await played(server, ['demo-app']);
    expect({ code, err }).toEqual({
      code: 1,
      err: 'This client comes with the ID token of its user. Play its application with --listnr demo-app: npx listo flow APPLICATION\n',
    });
  });

  it('that nobody listens', async () => {
    const { code, out } = await played(server, [
      'client_demo_spa',
      '--issuer',
      `http://127.0.0.1:${await freePort()}`,
    ]);
    expect(code).toBe(1);
    expect(out.join('\n')).toContain('Nobody listens at the address of the server.');
  });

  it('that the certificate of the server is self-signed, and that no TLS is spoken', async () => {
    const { server: behind, proxy } = await startBehindTlsProxy();
    try {
      const secure = await played(server, ['client_demo_spa', '--issuer', proxy.origin]);
      expect(secure.text).toContain('The certificate of the server is self-signed.');
      const address = server.url.replace('http:', 'https:');
      const plain = await played(server, ['client_demo_spa', '--issuer', address]);
      expect(plain.text).toContain('The server does not speak TLS at this address.');
    } finally {
      await behind.close();
    }
  });

  it('that something else answers', async () => {
    const page = createServer((_req, res) =>
      res.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome to the proxy</h1>'),
    );
    const port = await freePort();
    await new Promise<void>((listening) => page.listen(port, '127.0.0.1', listening));
    const { code, text } = await played(server, ['client_demo_spa', '--issuer', `http://127.0.0.1:${port}`]);
    page.close();
    expect(code).toBe(1);
    expect(text).toContain('something else than this server may answer there');
  });

  it('that the server is another issuer than its address', async () => {
    const { code, out } = await played(server, [
      'client_demo_spa',
      '--issuer',
      server.url.replace('localhost', '127.0.0.1'),
    ]);
    expect(code).toBe(1);
    expect(out.join('\n')).toContain(
      'The server says that it is another issuer than the address at which it was asked.',
    );
  });
});
