import { type Application, startApplication } from '../support/browsers/application.ts';
import { type Chromium, launchChromium, type Visit } from '../support/browsers/chromium.ts';
import { ADA, authorizationUrl } from '../support/clients/relying-party.ts';
import { aClient, type TestClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

/** The issuer is at localhost. An application at localhost is of its site, one at 127.0.0.1 of another. */
let server: TestServer;
let application: Application;
let chromium: Chromium;
let visit: Visit;
let client: TestClient;
let sameSite: string;
let otherSite: string;

beforeAll(async () => {
  server = await startTestServer();
  application = await startApplication();
  otherSite = application.origin;
  sameSite = otherSite.replace('127.0.0.1', 'localhost');
  client = await aClient(server, { redirect_uris: [`${sameSite}/callback`, `${otherSite}/callback`] });
  chromium = await launchChromium();
  visit = await chromium.open();
  await visit.page.goto(requestFor(sameSite));
  await visit.page.getByLabel('Email address').fill(ADA.email);
  await visit.page.getByLabel('Password').fill(ADA.password);
  await visit.page.getByRole('button', { name: 'Sign in' }).click();
  await visit.page.waitForURL(`${sameSite}/callback?**`);
});
afterAll(async () => {
  await visit.context.close();
  await chromium.close();
  await application.close();
  await server.close();
});

function requestFor(origin: string, more: Record<string, string> = {}): string {
  return authorizationUrl(server.url, {
    client_id: client.client_id,
    redirect_uri: `${origin}/callback`,
    ...more,
  });
}

/** The answer to `prompt=none` in a hidden frame of a page of the application. */
async function answerInFrame(origin: string): Promise<URLSearchParams> {
  await visit.page.goto(`${origin}/home`);
  await visit.page.evaluate(
    `frame = document.createElement('iframe'); frame.hidden = true; frame.src = ${JSON.stringify(requestFor(origin, { prompt: 'none' }))}; document.body.append(frame)`,
  );
  const frame = await visit.page.waitForSelector('iframe', { state: 'attached' });
  const content = await frame.contentFrame();
  await content?.waitForURL(`${origin}/callback?**`);
  return new URL(content?.url() ?? '').searchParams;
}

describe('renewing in a hidden frame', () => {
  it('gives a code to a page of the issuer’s site', async () => {
    expect((await answerInFrame(sameSite)).get('code')).toEqual(expect.any(String));
  });

  it('is login_required to a page of another site, since the browser withholds the cookie', async () => {
    expect((await answerInFrame(otherSite)).get('error')).toBe('login_required');
  });
});
