import { aCertificate } from '../../support/clients/certificates.ts';
import { openKeyAddress } from '../../support/clients/key-address.ts';
import { brief, postForm } from '../../support/clients/relying-party.ts';
import { aClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { BEHIND_TLS_PROXY, certificateHeader } from '../../support/servers/tls-proxy.ts';

describe('a client that authenticates by its own certificate', () => {
  const certificate = aCertificate();
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ env: { ...BEHIND_TLS_PROXY, REQUESTS_PER_MINUTE: '10' } });
  });
  afterAll(() => server.close());

  const introspect = (client_id: string, from: string) =>
    postForm(
      `${server.url}/auth/introspect`,
      { token: 'x', client_id },
      { ...certificateHeader(certificate), 'x-forwarded-for': from },
    );

  it('is refused, and told why, while the address of its keys is away', async () => {
    const address = await openKeyAddress({ keys: [certificate.jwk] });
    const { client_id } = await aClient(server, {
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks_uri: address.url,
    });
    await address.close();
    for (let n = 0; n < 2; n += 1)
      expect(brief(await introspect(client_id, '203.0.113.1'))).toEqual({
        status: 401,
        body: {
          error: 'invalid_client',
          error_description:
            'client authentication failed: the keys at the jwks_uri of the client cannot be had',
        },
      });
    expect(server.logLines().filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('may send as many requests as it likes, as one with a secret may', async () => {
    const { client_id } = await aClient(server, {
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: [certificate.jwk] },
    });
    const statuses = [];
    for (let n = 0; n < 15; n += 1) statuses.push((await introspect(client_id, '203.0.113.2')).status);
    expect(statuses).toEqual(Array(15).fill(200));
  });
});
