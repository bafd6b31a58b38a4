import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as client from 'openid-client';
import { openBrowser } from '../../support/browsers/browser.ts';
import { aCertificate, CLIENT_USAGE, type TestCertificate } from '../../support/clients/certificates.ts';
import { openKeyAddress } from '../../support/clients/key-address.ts';
import { ADA, brief, obtainCode, postForm, refused } from '../../support/clients/relying-party.ts';
import { aClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { certificateHeader, startBehindTlsProxy, type TlsProxy } from '../../support/servers/tls-proxy.ts';

const issuer = aCertificate({ subject: [['2.5.4.3', 'Issuer of clients']], ca: true });
const clientCertificate = (options: Parameters<typeof aCertificate>[0] = {}) =>
  aCertificate({ issuer, usage: CLIENT_USAGE, ...options });
const INACTIVE = { status: 200, body: { active: false } };
const UNKNOWN_TOKEN = refused('invalid_grant', 'Refresh token is not valid');
const REFUSED = refused('invalid_client', 'client authentication failed', 401);
const refusedBecause = (why: string) =>
  refused('invalid_client', `client authentication failed: ${why}`, 401);
const UNREADABLE = refused(
  'invalid_request',
  'the header with the client certificate has no single certificate',
);

describe('a client may authenticate by a certificate (RFC 8705)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'listo-issuers-'));
  const file = join(folder, 'issuers.pem');
  let server: TestServer;
  let proxy: TlsProxy;
  beforeAll(async () => {
    writeFileSync(file, issuer.pem);
    ({ server, proxy } = await startBehindTlsProxy({ CLIENT_CERTIFICATE_CA: file }));
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const introspect = async (
    client_id: string,
    headers: Record<string, string>,
    more: Record<string, string> = {},
  ) =>
    brief(await postForm(`${server.url}/auth/introspect`, { token: 'unknown', client_id, ...more }, headers));
  const details = () => server.logLines().map(({ detail }) => detail);
  const named = (name: object) =>
    aClient(server, { token_endpoint_auth_method: 'tls_client_auth', ...name } as never);

  it.each([
    ['tls_client_auth_subject_dn', 'CN=billing,O=Acme'],
    ['tls_client_auth_san_dns', 'billing.acme.example'],
    ['tls_client_auth_san_uri', 'spiffe://acme.example/billing'],
    ['tls_client_auth_san_ip', '2001:db8::7'],
    ['tls_client_auth_san_email', 'billing@acme.example'],
  ])('by its name in %s', async (column, value) => {
    const { client_id } = await named({ [column]: value });
    const certificate = clientCertificate({
      subject: [
        ['2.5.4.10', 'Acme'],
        ['2.5.4.3', 'billing'],
      ],
      names: [
        { kind: 'dns', value: 'billing.acme.example' },
        { kind: 'uri', value: 'spiffe://acme.example/billing' },
        { kind: 'ip', value: Buffer.from('20010db8000000000000000000000007', 'hex') },
        { kind: 'email', value: 'billing@acme.example' },
      ],
    });
    expect(await introspect(client_id, certificateHeader(certificate))).toEqual(INACTIVE);
    const other = clientCertificate({ names: [{ kind: 'dns', value: 'other.acme.example' }] });
    expect(await introspect(client_id, certificateHeader(other))).toEqual(REFUSED);
    expect(details()).toContain('the certificate has another name than the registration');
  });

  it('of an issuer that the operator trusts, while it is valid', async () => {
    const names = [{ kind: 'dns', value: 'a.example' }] as const;
    const { client_id } = await named({ tls_client_auth_san_dns: 'a.example' });
    const own = aCertificate({ names });
    const stranger = aCertificate({ names, issuer: aCertificate({ subject: issuer.subject, ca: true }) });
    for (const certificate of [own, stranger])
      expect(await introspect(client_id, certificateHeader(certificate))).toEqual(REFUSED);
    expect(details()).toContain('the certificate is of no issuer in CLIENT_CERTIFICATE_CA');
    const past = clientCertificate({ names, until: new Date(Date.now() - 1000) });
    const future = clientCertificate({ names, from: new Date(Date.now() + 3_600_000) });
    for (const certificate of [past, future])
      expect(await introspect(client_id, certificateHeader(certificate))).toEqual(
        refusedBecause('the client certificate has expired, or is not valid yet'),
      );
  });

  it('by a certificate of its own that is among its keys, registered or published', async () => {
    const certificate = aCertificate();
    const token_endpoint_auth_method = 'self_signed_tls_client_auth';
    const address = await openKeyAddress({ keys: [aCertificate().jwk, certificate.jwk] });
    for (const keys of [{ jwks: { keys: [certificate.jwk] } }, { jwks_uri: address.url }]) {
      const { client_id } = await aClient(server, { token_endpoint_auth_method, ...keys });
      const ask = async (path: string, fields: Record<string, string>, by: TestCertificate) =>
        brief(await postForm(server.url + path, { client_id, ...fields }, certificateHeader(by)));
      const refresh = { grant_type: 'refresh_token', refresh_token: 'unknown' };
      const endpoints = [
        ['/auth/token', refresh, UNKNOWN_TOKEN],
        ['/auth/revoke', { token: 'unknown' }, { status: 200, body: {} }],
        ['/auth/introspect', { token: 'unknown' }, INACTIVE],
      ] as const;
      for (const [path, fields, answer] of endpoints) {
        expect({ path, ...(await ask(path, fields, certificate)) }).toEqual({ path, ...answer });
        // Another certificate of the same name, and one that the trusted issuer made.
        for (const other of [aCertificate(), clientCertificate()])
          expect({ path, ...(await ask(path, fields, other)) }).toEqual({ path, ...REFUSED });
      }
    }
    await address.close();
    expect(details()).toContain('the certificate is none of those in the keys of the client');
  });

  it('and in no other way', async () => {
    const certificate = clientCertificate({ names: [{ kind: 'dns', value: 'b.example' }] });
    const { client_id } = await named({ tls_client_auth_san_dns: 'b.example' });
    expect(await introspect(client_id, {}, { client_secret: 'a guess' })).toEqual(REFUSED);
    expect(await introspect(client_id, certificateHeader(certificate), { client_secret: 'a guess' })).toEqual(
      REFUSED,
    );
    const { body } = await introspect(client_id, {});
    expect(body).toMatchObject({ error: 'invalid_client' });
    const token = brief(await postForm(`${server.url}/auth/revoke`, { token: 'unknown', client_id }, {}));
    expect(token).toEqual(refusedBecause('no client certificate was sent'));
  });

  it('is no way for a client with a secret', async () => {
    const { client_id, client_secret } = await aClient(server);
    const certificate = certificateHeader(clientCertificate());
    expect(await introspect(client_id, certificate)).toEqual(refusedBecause('no secret was sent'));
    expect(await introspect(client_id, certificate, { client_secret })).toEqual(INACTIVE);
  });

  it.each([
    [
      'a second one',
      ({ der }: TestCertificate) => `:${der.toString('base64')}:, :${der.toString('base64')}:`,
    ],
    ['a broken one', () => ':AAAA:'],
    ['another form', ({ pem }: TestCertificate) => encodeURIComponent(pem)],
  ])('refuses %s', async (_what, write) => {
    const { client_id } = await named({ tls_client_auth_san_dns: 'c.example' });
    const header = write(clientCertificate({ names: [{ kind: 'dns', value: 'c.example' }] }));
    expect(await introspect(client_id, { 'client-cert': header })).toEqual(UNREADABLE);
    const fields = { client_id, grant_type: 'refresh_token', refresh_token: 'a' };
    const token = await postForm(`${server.url}/auth/token`, fields, { 'client-cert': header });
    expect(brief(token)).toEqual(UNREADABLE);
  });

  it('works with a client library at each endpoint, at the origin that discovery names', async () => {
    const { client_id, redirect_uri } = await named({ tls_client_auth_san_dns: 'd.example' });
    const certificate = clientCertificate({ names: [{ kind: 'dns', value: 'd.example' }] });
    const config = await client.discovery(
      new URL(server.url),
      client_id,
      { use_mtls_endpoint_aliases: true },
      client.TlsClientAuth(),
      {
        execute: [client.allowInsecureRequests],
        [client.customFetch]: proxy.fetchWith(certificate) as never,
      },
    );
    const aliases = Object.entries({
      token_endpoint: '/auth/token',
      revocation_endpoint: '/auth/revoke',
      introspection_endpoint: '/auth/introspect',
      userinfo_endpoint: '/auth/userinfo',
      pushed_authorization_request_endpoint: '/auth/par',
      device_authorization_endpoint: '/auth/device_authorization',
    }).map(([name, path]) => [name, `${proxy.origin}${path}`]);
    const methods = [
      'client_secret_basic',
      'client_secret_post',
      'private_key_jwt',
      'none',
      'tls_client_auth',
      'self_signed_tls_client_auth',
    ];
    expect(config.serverMetadata()).toMatchObject({
      token_endpoint_auth_methods_supported: methods,
      revocation_endpoint_auth_methods_supported: methods,
      introspection_endpoint_auth_methods_supported: methods.filter((name) => name !== 'none'),
      mtls_endpoint_aliases: Object.fromEntries(aliases),
    });
    await client.buildAuthorizationUrlWithPAR(config, { redirect_uri, scope: 'openid' });
    const url = new URL(redirect_uri);
    url.searchParams.set('code', await obtainCode(server.url, { client_id, redirect_uri }, openBrowser()));
    url.searchParams.set('iss', server.url);
    const tokens = await client.authorizationCodeGrant(config, url, { idTokenExpected: true });
    expect(tokens.claims()?.sub).toBe(ADA.id);
    const refreshed = await client.refreshTokenGrant(config, String(tokens.refresh_token));
    expect((await client.fetchUserInfo(config, refreshed.access_token, ADA.id)).sub).toBe(ADA.id);
    expect(await client.tokenIntrospection(config, refreshed.access_token)).toMatchObject({ active: true });
    await client.tokenRevocation(config, String(refreshed.refresh_token));

    // The proxy overwrites what a stranger writes there.
    const stolen = await proxy.fetchWith()(`${proxy.origin}/auth/introspect`, {
      method: 'POST',
      headers: certificateHeader(certificate),
      body: new URLSearchParams({ client_id, token: 'unknown' }),
    });
    expect(stolen.status).toBe(401);
  });
});

describe('a header with a certificate', () => {
  it('is not read from somebody who is no trusted proxy, in any spelling', async () => {
    const server = await startTestServer({
      env: { TRUSTED_PROXIES: '192.0.2.1', CLIENT_CERTIFICATE_HEADER: 'rfc9440' },
    });
    const certificate = aCertificate();
    const { client_id } = await aClient(server, {
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [certificate.jwk] },
    });
    for (const name of ['client-cert', 'Client-Cert', 'CLIENT-CERT', 'client_cert'])
      for (const value of [certificateHeader(certificate)['client-cert'], ':AAAA:', 'x, y'])
        expect(
          brief(
            await postForm(
              `${server.url}/auth/revoke`,
              { client_id, token: 'unknown' },
              { [name]: value, 'x-forwarded-for': '192.0.2.1' },
            ),
          ),
        ).toEqual(refusedBecause('no client certificate was sent'));
    await server.close();
  });

  it('is not read where it is not configured, and nothing is announced', async () => {
    const server = await startTestServer({ env: { TRUSTED_PROXIES: '127.0.0.1,::1' } });
    const certificate = aCertificate();
    const { client_id } = await aClient(server, {
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [certificate.jwk] },
    });
    const answer = await postForm(
      `${server.url}/auth/revoke`,
      { client_id, token: 'unknown' },
      certificateHeader(certificate),
    );
    expect(brief(answer)).toEqual(refusedBecause('no client certificate was sent'));
    const response = await fetch(`${server.url}/.well-known/openid-configuration`);
    expect(Object.keys((await response.json()) as object).filter((name) => /tls/.test(name))).toEqual([]);
    await server.close();
  });
});
