import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { instant } from '../../src/refusals/shown.ts';
import {
  aCertificate,
  CLIENT_USAGE,
  SERVER_USAGE,
  type TestCertificate,
} from '../support/clients/certificates.ts';
import { getJson, obtainCode, postForm } from '../support/clients/relying-party.ts';
import { aClient } from '../support/registrations/factories.ts';
import { recordedWhy } from '../support/servers/recorded-why.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { BEHIND_TLS_PROXY, certificateHeader } from '../support/servers/tls-proxy.ts';

const CN = '2.5.4.3';
const issuer = aCertificate({ subject: [[CN, 'Issuer of clients']], ca: true });
const NAMES = [{ kind: 'dns', value: 'billing.acme.example' }] as const;
const own = (options: Parameters<typeof aCertificate>[0] = {}) =>
  aCertificate({ issuer, usage: CLIENT_USAGE, names: NAMES, ...options });

describe('a client whose certificate is refused finds out why', () => {
  const folder = mkdtempSync(join(tmpdir(), 'listo-issuers-'));
  let server: TestServer;
  beforeAll(async () => {
    const file = join(folder, 'issuers.pem');
    writeFileSync(file, issuer.pem);
    server = await startTestServer({ env: { ...BEHIND_TLS_PROXY, CLIENT_CERTIFICATE_CA: file } });
    await aClient(server, {
      id: 'billing',
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_san_dns: 'billing.acme.example',
    });
    await aClient(server, {
      id: 'named',
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_subject_dn: 'CN=named,O=Acme',
    });
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  const why = (client_id: string, headers: Record<string, string> = {}) =>
    recordedWhy(server, postForm(`${server.url}/auth/introspect`, { token: 'x', client_id }, headers));
  const with_ = (certificate: TestCertificate, client_id = 'billing') =>
    why(client_id, certificateHeader(certificate));

  it('by its name, its issuer, its use and its form', async () => {
    const METHOD = { method: ['tls_client_auth'] };
    expect(
      await recordedWhy(
        server,
        postForm(`${server.url}/auth/token`, { client_id: 'billing', grant_type: 'refresh_token' }),
      ),
    ).toEqual({ reason: 'certificate.missing', expected: METHOD });
    expect(await why('billing', { 'client-cert': 'x' })).toEqual({
      reason: 'certificate.unreadable',
      expected: { form: 'rfc9440' },
    });
    expect(await with_(own({ names: [{ kind: 'dns', value: 'biling.acme.example' }] }))).toEqual({
      reason: 'certificate.other_name',
      came: { tls_client_auth_san_dns: ['biling.acme.example'] },
      expected: { tls_client_auth_san_dns: 'billing.acme.example' },
    });
    expect(await with_(own({ subject: [[CN, 'nam\\ed']] }), 'named')).toEqual({
      reason: 'certificate.other_name',
      came: { tls_client_auth_subject_dn: 'CN=nam\\\\ed' },
      expected: { tls_client_auth_subject_dn: 'CN=named,O=Acme' },
    });
    expect(await with_(aCertificate({ names: NAMES }))).toEqual({
      reason: 'certificate.issuer_unknown',
      came: { issuer: 'CN=client' },
    });
    expect(await with_(own({ usage: SERVER_USAGE }))).toEqual({
      reason: 'certificate.not_for_clients',
      came: { extended_key_usage: [SERVER_USAGE] },
      expected: { extended_key_usage: [CLIENT_USAGE, '2.5.29.37.0'] },
    });
  });

  it('by its time', async () => {
    const [from, until] = [new Date(Date.now() - 7_200_000), new Date(Date.now() - 3_600_000)];
    const { reason, came } = await with_(own({ from, until }));
    expect({ reason, came }).toEqual({
      reason: 'certificate.not_in_time',
      came: { not_before: instant(from), not_after: instant(until) },
    });
  });

  it('by its keys', async () => {
    const registered = aCertificate();
    await aClient(server, {
      id: 'self-signed',
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [registered.jwk] },
    });
    const { reason, expected } = await with_(aCertificate(), 'self-signed');
    expect({ reason, expected }).toEqual({
      reason: 'certificate.not_among_keys',
      expected: { 'x5t#S256': [registered.thumbprint] },
    });
  });

  it('where its tokens are bound to one', async () => {
    const client = await aClient(server, { tls_client_certificate_bound_access_tokens: true });
    const { client_id, client_secret, redirect_uri } = client;
    const fields = { client_id, client_secret, redirect_uri, grant_type: 'authorization_code' };
    const code = await obtainCode(server.url, { client_id });
    const exchange = (headers: Record<string, string>) =>
      postForm(`${server.url}/auth/token`, { ...fields, code }, headers);
    const [certificate, other] = [aCertificate(), aCertificate()];
    const missing = await recordedWhy(server, exchange({}));
    const { body } = await exchange(certificateHeader(certificate));
    const authorization = `Bearer ${body.access_token}`;
    const read = (headers: Record<string, string>) =>
      recordedWhy(server, getJson(`${server.url}/auth/userinfo`, { authorization, ...headers }));
    const expected = { 'x5t#S256': certificate.thumbprint };
    expect(missing).toEqual({ reason: 'certificate.missing' });
    expect(await read({})).toEqual({ reason: 'access_token.certificate_missing', expected });
    expect({ ...(await read(certificateHeader(other))), came: 'its thumbprint' }).toEqual({
      reason: 'key.other',
      came: 'its thumbprint',
      expected,
    });
  });
});
