import { openBrowser, type Page, statusAndMessage } from '../../support/browsers/browser.ts';
import { authorizationUrl } from '../../support/clients/relying-party.ts';
import { aClient, type TestClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

const CREDENTIALS = { email: 'ada@demo.example', password: 'correct horse battery staple' };

/** The library looks at the registration only where a request begins. */
describe('a sign-in that began before the registration of its application changed', () => {
  let server: TestServer;
  let application: TestClient;
  beforeAll(async () => {
    server = await startTestServer();
  });
  beforeEach(async () => {
    application = await aClient(server, { require_pkce: false });
  });
  afterAll(() => server.close());

  const signInAfter = async (change: Record<string, unknown>): Promise<Page> => {
    const browser = openBrowser();
    const { client_id, redirect_uri } = application;
    const page = await browser.follow(
      await browser.get(authorizationUrl(server.url, { client_id, redirect_uri, scope: 'openid' })),
    );
    await server.database.knex('clients').where({ id: client_id }).update(change);
    server.services.registration.clear();
    return browser.follow(await browser.submit(page, '/sign-in', CREDENTIALS), redirect_uri);
  };

  it.each<[string, Record<string, unknown>]>([
    ['wants its answers signed', { response_modes: ['jwt', 'query.jwt'] }],
    ['requires PKCE', { require_pkce: true }],
  ])('ends at a page when the application %s by now', async (_what, change) => {
    expect(statusAndMessage(await signInAfter(change))).toEqual({
      status: 400,
      message: 'The registration of the application has changed since you began to sign in.',
    });
  });

  it('goes on when something else changed', async () => {
    const { location = '' } = await signInAfter({ name: 'Another name' });
    const names = [...new URL(location).searchParams.keys()];
    expect(names).toEqual(['code', 'iss']);
  });
});
