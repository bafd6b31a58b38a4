import {
  exchange,
  obtainCode,
  obtainTokens,
  statusAndError,
  userinfo,
} from '../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

describe('the authorization code flow', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it('gives an access token that userinfo accepts', async () => {
    const tokens = await obtainTokens(server.url);
    expect((await userinfo(server.url, tokens.access_token)).status).toBe(200);
  });

  it('gives exactly one of many parallel exchanges of a code its tokens, and revokes them', async () => {
    const code = await obtainCode(server.url);
    const answers = await Promise.all(Array.from({ length: 20 }, () => exchange(server.url, code)));
    const [winner, ...others] = answers.toSorted((a, b) => a.status - b.status);
    expect(others.map(statusAndError)).toEqual(Array(19).fill({ status: 400, error: 'invalid_grant' }));
    expect(winner?.status).toBe(200);
    // RFC 6749 section 4.1.2
    expect((await userinfo(server.url, String(winner?.body.access_token))).status).toBe(401);
  });
});
