import { sendHttp } from '../../support/clients/raw-http.ts';
import { DEMO_WEB, obtainTokens, refresh } from '../../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { randomRequests } from './random-requests.ts';
import { errorsLogged, INTERNALS } from './refusals.ts';

describe('input that no honest client sends', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it('answers three hundred random requests, the same each time, without failing once', async () => {
    const tokens = await obtainTokens(server.url);
    for (const request of randomRequests(300, {
      seed: 20251201,
      known: [tokens.access_token, DEMO_WEB.redirect_uri],
    })) {
      const { status, body } = await sendHttp(server.port, request);
      if (status >= 500 || INTERNALS.test(body))
        throw new Error(`${JSON.stringify(request)} → ${status} ${body}`);
    }
    expect((await refresh(server.url, String(tokens.refresh_token))).status).toBe(200);
    expect(errorsLogged(server)).toEqual([]);
  });
});
