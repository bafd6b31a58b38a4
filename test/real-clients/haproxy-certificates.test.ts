import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as client from 'openid-client';
import { freePort } from '../../scripts/free-port.ts';
import { startHaproxy } from '../machines/haproxy.ts';
import { openWorkshop } from '../machines/programs.ts';
import { openBrowser } from '../support/browsers/browser.ts';
import { aCertificate, CLIENT_USAGE } from '../support/clients/certificates.ts';
import { ADA, obtainCode } from '../support/clients/relying-party.ts';
import { blocksOf } from '../support/documents/blocks.ts';
import { describeWith } from '../support/real-clients/toolchain.ts';
import { aClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { fetchOverTls } from '../support/servers/tls-proxy.ts';
import { until } from '../support/time/until.ts';

const [block] = blocksOf('docs/operating.md').filter(({ language }) => language === 'haproxy');

describeWith('haproxy')('HAProxy as docs/operating.md sets it up for certificates', () => {
  const workshop = openWorkshop('certificates');
  const own = aCertificate({ names: [{ kind: 'dns', value: 'localhost' }] });
  const issuer = aCertificate({ subject: [['2.5.4.3', 'Issuer of clients']], ca: true });
  let origin: string;
  let server: TestServer;
  beforeAll(async () => {
    const [crt, issuers] = [join(workshop.folder, 'own.pem'), join(workshop.folder, 'issuers.pem')];
    writeFileSync(crt, own.pem + own.privatePem);
    writeFileSync(issuers, issuer.pem);
    const port = await freePort();
    origin = `https://localhost:${port}`;
    server = await startTestServer({
      env: {
        TRUSTED_PROXIES: '127.0.0.1,::1',
        CLIENT_CERTIFICATE_HEADER: 'haproxy',
        CLIENT_CERTIFICATE_CA: issuers,
        CLIENT_CERTIFICATE_ORIGIN: origin,
      },
    });
    const { host } = new URL(server.url);
    const frontend = (block?.text ?? '')
      .replace('bind :8443', `bind 127.0.0.1:${port},[::1]:${port}`)
      .replace('/etc/haproxy/mtls.example.pem', crt)
      .replace('/etc/haproxy/issuers.pem', issuers);
    const replicas = { '10.0.0.11:3000': host, '10.0.0.12:3000': host };
    const balancer = await startHaproxy(workshop, 'public', replicas, frontend);
    expect(frontend).toContain(crt);
    await until('both servers of HAProxy are up', async () => (await balancer.up('ready')) === 2);
  });
  afterAll(async () => {
    workshop.remove();
    await server.close();
  });

  const signIn = async (registration: object, certificate: ReturnType<typeof aCertificate>) => {
    const { client_id, redirect_uri } = await aClient(server, registration);
    const config = await client.discovery(
      new URL(server.url),
      client_id,
      { use_mtls_endpoint_aliases: true },
      client.TlsClientAuth(),
      {
        execute: [client.allowInsecureRequests],
        [client.customFetch]: fetchOverTls(own, certificate) as never,
      },
    );
    const url = new URL(redirect_uri);
    url.searchParams.set('code', await obtainCode(server.url, { client_id, redirect_uri }, openBrowser()));
    url.searchParams.set('iss', server.url);
    const tokens = await client.authorizationCodeGrant(config, url, { idTokenExpected: true });
    return { client_id, sub: tokens.claims()?.sub };
  };

  it('lets a client in by the name in a certificate of the trusted issuer', async () => {
    const certificate = aCertificate({
      issuer,
      usage: CLIENT_USAGE,
      names: [{ kind: 'dns', value: 'payroll.acme.example' }],
    });
    const registration = {
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_san_dns: 'payroll.acme.example',
    };
    expect((await signIn(registration, certificate)).sub).toBe(ADA.id);
    // Only the proxy lets this one through.
    const forged = aCertificate({ names: [{ kind: 'dns', value: 'payroll.acme.example' }] });
    await expect(signIn(registration, forged)).rejects.toMatchObject({ error: 'invalid_client' });
  });

  it('lets a client in by a certificate of its own, and nobody who only writes the header', async () => {
    const certificate = aCertificate();
    const registration = {
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [certificate.jwk] },
    };
    const { client_id, sub } = await signIn(registration, certificate);
    expect(sub).toBe(ADA.id);
    const header = certificate.der.toString('base64');
    for (const stranger of [undefined, aCertificate()]) {
      const answer = await fetchOverTls(own, stranger)(`${origin}/auth/introspect`, {
        method: 'POST',
        headers: { 'X-SSL-Client-DER': header, 'x-ssl-client-der': header },
        body: new URLSearchParams({ client_id, token: 'unknown' }),
      });
      expect({ status: answer.status, body: await answer.json() }).toMatchObject({
        status: 401,
        body: { error: 'invalid_client' },
      });
    }
  });
});
