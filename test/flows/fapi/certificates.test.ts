import { decodeJwt } from 'jose';
import { openBrowser } from '../../support/browsers/browser.ts';
import { aCertificate } from '../../support/clients/certificates.ts';
import { aFapiClient, type FapiClient } from '../../support/clients/fapi-client.ts';
import { brief, refused } from '../../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

describe('a client with the profile fapi2 whose tokens are bound to its certificate', () => {
  let server: TestServer;
  let bank: FapiClient;
  const mine = aCertificate();
  const connected = { dpop: '', headers: { 'client-cert': `:${mine.der.toString('base64')}:` } };
  beforeAll(async () => {
    server = await startTestServer({
      env: { TRUSTED_PROXIES: '127.0.0.1,::1', CLIENT_CERTIFICATE_HEADER: 'rfc9440' },
    });
    bank = await aFapiClient(server, { tls_client_certificate_bound_access_tokens: true });
  });
  afterAll(() => server.close());

  it('needs no proof, and gets nothing without the certificate', async () => {
    const code = await bank.obtainCode(openBrowser());
    expect(brief(await bank.exchange(code, { dpop: '' }))).toEqual(
      refused('invalid_request', 'This client must connect with a certificate'),
    );
    const { body } = await bank.exchange(code, connected);
    expect(decodeJwt(String(body.access_token)).cnf).toEqual({ 'x5t#S256': mine.thumbprint });
  });

  it('refreshes any number of times at once with one token', async () => {
    const { body } = await bank.exchange(await bank.obtainCode(openBrowser()), connected);
    const token = String(body.refresh_token);
    const answers = await Promise.all(Array.from({ length: 10 }, () => bank.refresh(token, connected)));
    const seen = answers.map(({ status, body: { refresh_token } }) => [status, refresh_token === token]);
    expect(seen).toEqual(Array(10).fill([200, true]));
  });
});
