import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as client from 'openid-client';
import { freePort } from '../../scripts/free-port.ts';
import { startHaproxy } from '../machines/haproxy.ts';
import { openWorkshop } from '../machines/programs.ts';
import { openBrowser } from '../support/browsers/browser.ts';
import { aCertificate, aRevocationList, CLIENT_USAGE } from '../support/clients/certificates.ts';
import { ADA, obtainCode } from '../support/clients/relying-party.ts';
import { blocksOf } from '../support/documents/blocks.ts';
import { describeWith } from '../support/real-clients/toolchain.ts';
import { aClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { fetchOverTls } from '../support/servers/tls-proxy.ts';
import { until } from '../support/time/until.ts';

/** The headers that docs/operating.md names, as strangers may write them. */
const HEADERS = [
  ...['Client-Cert', 'Client-Cert-Chain', 'X-SSL-Client-Cert', 'X-SSL-Client-DER'],
  'X-Forwarded-Client-Cert',
].flatMap((name) => [name, name.toLowerCase(), name.toUpperCase()]);

const [block] = blocksOf('docs/operating.md').filter(({ language }) => language === 'haproxy');

describeWith('haproxy')('HAProxy as docs/operating.md sets it up for certificates', () => {
  const workshop = openWorkshop('certificates');
  const own = aCertificate({ names: [{ kind: 'dns', value: 'localhost' }] });
  const issuer = aCertificate({ subject: [['2.5.4.3', 'Issuer of clients']], ca: true });
  const revoked = aCertificate({ issuer, usage: CLIENT_USAGE });
  /** The host for certificates, the same with a list of revoked ones, and the host for everybody. */
  let [origin, revoking, everybody] = ['', '', ''];
  let server: TestServer;
  beforeAll(async () => {
    const [crt = '', issuers = '', list = ''] = ['own', 'issuers', 'revoked'].map((name) =>
      join(workshop.folder, `${name}.pem`),
    );
    writeFileSync(crt, own.pem + own.privatePem);
    writeFileSync(issuers, issuer.pem);
    writeFileSync(list, aRevocationList(issuer, [revoked]));
    const [port, second] = [await freePort(), await freePort()];
    [origin, revoking] = [`https://localhost:${port}`, `https://localhost:${second}`];
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
    const withList = frontend
      .replace('frontend certificates', 'frontend revoking')
      .replaceAll(`:${port}`, `:${second}`)
      .replace(`ca-file ${issuers}`, `ca-file ${issuers} crl-file ${list}`);
    const balancer = await startHaproxy(workshop, 'public', replicas, `${frontend}\n${withList}`);
    everybody = `http://127.0.0.1:${balancer.port}`;
    expect(frontend).toContain(crt);
    expect(withList).toContain(list);
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

  const introspect = async (
    at: string,
    {
      client_id,
      header,
      certificate,
    }: { client_id: string; header?: string; certificate?: typeof own | undefined },
  ) => {
    const answer = await fetchOverTls(own, certificate)(`${at}/auth/introspect`, {
      method: 'POST',
      headers: header === undefined ? {} : { 'X-SSL-Client-DER': header },
      body: new URLSearchParams({ client_id, token: 'unknown' }),
    });
    return { status: answer.status, body: await answer.json() };
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
    const asked = { status: 401, body: expect.objectContaining({ error: 'invalid_client' }) };
    for (const stranger of [undefined, aCertificate()])
      expect(await introspect(origin, { client_id, header, certificate: stranger })).toEqual(asked);
    expect(await introspect(everybody, { client_id, header })).toEqual(asked);
  });

  it('refuses a revoked certificate in the handshake, and nobody else', async () => {
    // A connection may break before the reason arrives.
    await expect(introspect(revoking, { client_id: 'any', certificate: revoked })).rejects.toMatchObject({
      code: expect.stringMatching(/CERTIFICATE_REVOKED$|^ECONNRESET$|^EPIPE$/),
    });
    expect((await introspect(origin, { client_id: 'any', certificate: revoked })).status).toBe(401);
    const stranger = aCertificate({ subject: [['2.5.4.3', 'Another issuer']], ca: true });
    for (const certificate of [
      undefined,
      aCertificate(),
      aCertificate({ issuer, usage: CLIENT_USAGE }),
      aCertificate({ issuer: stranger }),
    ])
      expect((await introspect(revoking, { client_id: 'any', certificate })).status).toBe(401);
  });

  it('hands on no header with a certificate at the host for everybody, in any spelling', async () => {
    const heard: string[] = [];
    const replica = createServer((req, res) => {
      heard.push(...Object.keys(req.headers).filter((name) => /cert|ssl|x-mark/.test(name)));
      res.end();
    });
    replica.listen(0, '127.0.0.1');
    await once(replica, 'listening');
    const host = `127.0.0.1:${(replica.address() as AddressInfo).port}`;
    const { port } = await startHaproxy(workshop, 'public', {
      '10.0.0.11:3000': host,
      '10.0.0.12:3000': host,
    });
    for (const path of ['/auth/token', '/auth/jwks'])
      for (const name of HEADERS) {
        const sent = request({ port, path, method: 'POST', headers: { [name]: ['x', 'y'], 'X-Mark': '1' } });
        const [answer] = await once(sent.end(), 'response');
        answer.resume();
        expect(answer.statusCode).toBe(200);
      }
    replica.close();
    replica.closeAllConnections();
    expect(heard).toEqual(Array(2 * HEADERS.length).fill('x-mark'));
  });
});
