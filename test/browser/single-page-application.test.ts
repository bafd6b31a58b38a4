import { readFileSync } from 'node:fs';
import { type Application, startApplication } from '../support/browsers/application.ts';
import { type Chromium, launchChromium, type Visit } from '../support/browsers/chromium.ts';
import { ADA, DEMO_SPA } from '../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

/** The redirect URI of `client_demo_spa` in the demo seed has this port. */
const PORT = 9999;
const ORIGIN = `http://127.0.0.1:${PORT}`;
const LIBRARY = readFileSync(
  new URL('../../node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js', import.meta.url),
);

let server: TestServer;
let application: Application;
let chromium: Chromium;
let visit: Visit;
beforeAll(async () => {
  server = await startTestServer();
  await server.database
    .knex('clients')
    .where({ id: DEMO_SPA.client_id })
    .update({ post_logout_redirect_uris: [`${ORIGIN}/spa/signed-out`] });
  const page = { type: 'text/html; charset=utf-8', body: spaPage() };
  application = await startApplication({
    port: PORT,
    pages: {
      '/spa': page,
      '/spa/callback': page,
      '/spa/signed-out': page,
      '/oidc-client-ts.js': { type: 'text/javascript', body: LIBRARY },
    },
  });
  chromium = await launchChromium();
});
afterAll(async () => {
  await chromium.close();
  await application.close();
  await server.close();
});
beforeEach(async () => {
  visit = await chromium.open();
});
afterEach(async () => {
  await visit.context.close();
});

/** An application on a mainstream library, which has only settings. */
function spaPage(): string {
  const settings = {
    authority: server.url,
    client_id: DEMO_SPA.client_id,
    redirect_uri: DEMO_SPA.redirect_uri,
    post_logout_redirect_uri: `${ORIGIN}/spa/signed-out`,
    scope: 'openid profile email',
    loadUserInfo: true,
    automaticSilentRenew: false,
  };
  return `<!doctype html><html lang="en"><title>SPA</title><link rel="icon" href="data:,">
<script src="/oidc-client-ts.js"></script>
<script>const manager = new oidc.UserManager(${JSON.stringify(settings)});</script></html>`;
}

interface SpaUser {
  access_token: string;
  refresh_token: string;
  scope: string;
  profile: Record<string, unknown>;
}

function evaluate<T>(script: string): Promise<T> {
  return visit.page.evaluate<T>(script);
}

async function signIn(): Promise<SpaUser> {
  await visit.page.goto(`${ORIGIN}/spa`);
  await evaluate('manager.signinRedirect(); 0');
  await passThrough(visit.page);
  return evaluate<SpaUser>('manager.signinCallback().then((user) => ({ ...user }))');
}

/** Passes all our pages. Consent is asked for only the first time. */
async function passThrough(page: Visit['page']): Promise<void> {
  await page.getByLabel('Email address').fill(ADA.email);
  await page.getByLabel('Password').fill(ADA.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  const allow = page.getByRole('button', { name: 'Allow', exact: true });
  await Promise.race([allow.click(), page.waitForURL(`${ORIGIN}/spa/callback?**`)]);
  await page.waitForURL(`${ORIGIN}/spa/callback?**`);
}

const userinfoStatus = (accessToken: string) =>
  evaluate<number>(
    `fetch('${server.url}/auth/userinfo', { headers: { authorization: 'Bearer ${accessToken}' } }).then(({ status }) => status)`,
  );

describe('a single-page application on oidc-client-ts', () => {
  it('signs in, reads userinfo and refreshes across origins', async () => {
    const user = await signIn();
    expect(user.scope).toBe('openid profile email');
    expect(user.profile).toMatchObject({
      sub: ADA.id,
      email: ADA.email,
      name: 'Ada Lovelace',
      workerIds: ['worker-1815', 'worker-1852'],
    });
    const renewed = await evaluate<SpaUser>('manager.signinSilent().then((user) => ({ ...user }))');
    expect(renewed.profile.sub).toBe(ADA.id);
    expect(renewed.access_token).not.toBe(user.access_token);
    expect(renewed.refresh_token).not.toBe(user.refresh_token);
    expect(await userinfoStatus(renewed.access_token)).toBe(200);
    expect(visit.problems).toEqual([]);
  });

  it('revokes what it holds', async () => {
    const user = await signIn();
    await evaluate('manager.revokeTokens()');
    expect(visit.problems).toEqual([]);
    expect(await userinfoStatus(user.access_token)).toBe(401);
  });

  it('signs out without a question, because it proves who is signed in', async () => {
    const user = await signIn();
    await evaluate('manager.signoutRedirect({ state: "kept" }); 0');
    await visit.page.waitForURL(`${ORIGIN}/spa/signed-out?**`);
    await evaluate('manager.signoutCallback()');
    expect(visit.problems).toEqual([]);
    expect(await userinfoStatus(user.access_token)).toBe(401);
  });

  it('signs in by a pop-up', async () => {
    await visit.page.goto(`${ORIGIN}/spa`);
    const popup = visit.page.waitForEvent('popup');
    await evaluate('window.signedIn = manager.signinPopup({ popupWindowFeatures: { width: 500 } }); 0');
    const page = await popup;
    await passThrough(page);
    await page.evaluate('manager.signinPopupCallback(); 0');
    const user = await evaluate<SpaUser>('window.signedIn.then((user) => ({ ...user }))');
    expect(user.profile.sub).toBe(ADA.id);
    expect(visit.problems).toEqual([]);
  });

  it('is refused what belongs to another origin', async () => {
    const user = await signIn();
    await visit.page.goto(`http://localhost:${PORT}/spa`);
    const refused = `fetch('${server.url}/auth/userinfo', { headers: { authorization: 'Bearer ${user.access_token}' } }).then(() => 'read', () => 'refused')`;
    expect(await evaluate(refused)).toBe('refused');
  });
});
