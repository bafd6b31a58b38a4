import { openBrowser } from '../support/browsers/browser.ts';
import { DEMO_SPA, obtainCode, pkce } from '../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { withStillTime } from '../support/time/still-time.ts';

const DAY = 24 * 60 * 60;

describe('a session', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it('is prolonged once an hour, however often an application asks, and written for each new application', async () => {
    await withStillTime(async (time) => {
      const browser = openBrowser();
      const ask = (parameters: Record<string, string> = {}) => obtainCode(server.url, parameters, browser);
      const row = async () => {
        const { expires_at, version } = await server.database
          .knex('sessions')
          .first('expires_at', server.database.knex.raw('xmin::text AS version'));
        return { lives: expires_at.getTime() / 1000 - time.now(), version };
      };
      await ask();
      const first = await row();
      expect(first.lives).toBe(14 * DAY);

      time.forward(3599);
      await ask();
      expect(await row()).toEqual({ lives: 14 * DAY - 3599, version: first.version });

      time.forward(1);
      await ask();
      const later = await row();
      expect(later.lives).toBe(14 * DAY);

      await ask({ ...DEMO_SPA, code_challenge: pkce().code_challenge, code_challenge_method: 'S256' });
      const { version } = await row();
      expect(version).not.toBe(later.version);
      await ask({ ...DEMO_SPA, code_challenge: pkce().code_challenge, code_challenge_method: 'S256' });
      expect((await row()).version).toBe(version);
    });
  });
});
