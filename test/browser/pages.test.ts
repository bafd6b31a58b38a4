import { freePort } from '../../scripts/free-port.ts';
import { type Application, startApplication } from '../support/browsers/application.ts';
import { type Chromium, inspect, launchChromium, type Visit } from '../support/browsers/chromium.ts';
import { ADA, authorizationUrl, postForm } from '../support/clients/relying-party.ts';
import { aClient, anInstance, aPerson, type TestClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { startUpstreamIdp, type UpstreamIdp } from '../support/upstream/upstream-idp.ts';

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';
/** Names that are read from right to left. */
const RIGHT_TO_LEFT = { company: 'شركة النور', application: 'كشف الرواتب', person: 'عائشة بنت أحمد' };
const LONG = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft';

const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40" width="120" height="40">
<rect width="40" height="40" rx="8" fill="#1d4ed8"/><path d="M12 20h16M20 12v16" stroke="#fff" stroke-width="4"/>
<path d="M52 12h56M52 28h40" stroke="#111" stroke-width="6"/></svg>`;

let server: TestServer;
let idp: UpstreamIdp;
let application: Application;
let chromium: Chromium;
let client: TestClient;
let consenting: TestClient;
/** Its instance and its person have names in another script, too. */
let arabic: TestClient;
const aisha = { email: 'aisha@noor.example', password: 'a perfectly good password' };
let long: TestClient;
let upstream: TestClient;
let away: TestClient;
/** Device clients: of the instance `demo`, with long names, and of an instance with its own provider. */
let device: TestClient;
let longDevice: TestClient;
let upstreamDevice: TestClient;

beforeAll(async () => {
  server = await startTestServer();
  chromium = await launchChromium();
  application = await startApplication({ pages: { '/logo.svg': { type: 'image/svg+xml', body: LOGO } } });
  idp = await startUpstreamIdp({ redirectUri: `${server.url}/auth/upstream/callback` });
  const redirect_uris = [`${application.origin}/callback`];
  client = await aClient(server, {
    name: 'Payroll',
    redirect_uris,
    post_logout_redirect_uris: [`${application.origin}/signed-out`],
  });

  const look = {
    logo_uri: `${application.origin}/logo.svg`,
    tos_uri: `${application.origin}/terms`,
    policy_uri: `${application.origin}/privacy`,
  };
  consenting = await aClient(server, { name: 'Timesheets', redirect_uris, require_consent: true, ...look });
  await anInstance(server, { id: 'noor', name: RIGHT_TO_LEFT.company, brand_color: '#0b5fa5' });
  await aPerson(server, { instance_id: 'noor', ...aisha, name: RIGHT_TO_LEFT.person });
  arabic = await aClient(server, {
    ...{ instance_id: 'noor', name: RIGHT_TO_LEFT.application, redirect_uris, require_consent: true },
    ...look,
  });

  const instance_id = await anInstance(server, { id: 'long', name: LONG, brand_color: '#ffd400' });
  await aPerson(server, { instance_id, email: 'x@long.example', name: LONG });
  long = await aClient(server, { instance_id, name: LONG, redirect_uris, require_consent: true });

  upstream = await anUpstream('acme', idp.issuer);
  away = await anUpstream('away', `http://localhost:${await freePort()}`);
  device = await aDevice({ name: 'Television' });
  longDevice = await aDevice({ instance_id, name: LONG });
  upstreamDevice = await aDevice({ instance_id: 'acme', name: 'Printer' });
  const { id: person_id } = await aPerson(server, { instance_id: 'acme' });
  const identity = { instance_id: 'acme', issuer: idp.issuer, subject: 'employee-7', person_id };
  await server.database.knex('upstream_identities').insert(identity);
});
afterAll(async () => {
  await chromium.close();
  await application.close();
  await idp.close();
  await server.close();
});

function aDevice(columns: { name: string; instance_id?: string }): Promise<TestClient> {
  return aClient(server, { ...columns, type: 'public', redirect_uris: [], grant_types: [DEVICE_CODE] });
}

/** The address, with the code, that a device shows. */
async function deviceAddress({ client_id }: TestClient): Promise<string> {
  const fields = { client_id, scope: 'openid' };
  const { body } = await postForm(`${server.url}/auth/device_authorization`, fields);
  return String(body.verification_uri_complete);
}

/** Opens that address and continues. */
async function confirmDevice({ page }: Visit, client: TestClient): Promise<void> {
  await page.goto(await deviceAddress(client));
  await page.getByRole('button', { name: 'Continue' }).click();
}

async function anUpstream(id: string, issuer: string): Promise<TestClient> {
  await server.database.knex.transaction(async (trx) => {
    await trx('instances').insert({ id, name: 'Acme', authentication: 'oidc', brand_color: '#4b2e83' });
    await trx('upstream_providers').insert({ instance_id: id, issuer, client_id: 'listo-public' });
  });
  return aClient(server, { instance_id: id, redirect_uris: [`${application.origin}/callback`] });
}

function urlFor({ client_id, redirect_uri }: TestClient, more: Record<string, string> = {}): string {
  return authorizationUrl(server.url, { client_id, redirect_uri, ...more });
}

async function signIn(
  { page }: Visit,
  url: string,
  { email, password }: { email: string; password: string } = ADA,
): Promise<void> {
  await page.goto(url);
  await page.getByLabel('Email address').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Signs in and continues to the application. */
async function signedIn(...[visit, ...more]: Parameters<typeof signIn>): Promise<void> {
  await signIn(visit, ...more);
  await visit.page.waitForURL(`${application.origin}/**`);
}

/** How to reach each page. */
const PAGES: Record<string, (visit: Visit) => Promise<unknown>> = {
  'sign-in': ({ page }) => page.goto(urlFor(client)),
  'sign-in-wrong-password': (visit) => signIn(visit, urlFor(client), { ...ADA, password: 'wrong' }),
  async 'sign-in-again'(visit) {
    await signedIn(visit, urlFor(client));
    await visit.page.goto(urlFor(client, { prompt: 'login', login_hint: ADA.email }));
  },
  'sign-in-look': ({ page }) => page.goto(urlFor(consenting)),
  'sign-in-right-to-left': ({ page }) => page.goto(urlFor(arabic)),
  async accounts(visit) {
    await signedIn(visit, urlFor(client));
    await visit.page.goto(urlFor(client, { prompt: 'select_account' }));
  },
  async 'accounts-right-to-left'(visit) {
    await signIn(visit, urlFor(arabic), aisha);
    await visit.page.goto(urlFor(arabic, { prompt: 'select_account' }));
  },
  async 'accounts-long-names'(visit) {
    await signIn(visit, urlFor(long), { email: 'x@long.example', password: 'a perfectly good password' });
    await visit.page.goto(urlFor(long, { prompt: 'select_account' }));
  },
  async 'sign-in-as-another'(visit) {
    await signIn(visit, urlFor(consenting));
    await visit.page.getByRole('link', { name: 'Not you?' }).click();
    await visit.page.getByText('When somebody else signs in').waitFor();
  },
  'sign-in-long-names': ({ page }) => page.goto(urlFor(long)),
  async 'sign-in-with-logo'({ page }) {
    await page.goto(urlFor(client));
    const logo = await page.locator('link[rel=icon]').getAttribute('href');
    const instance_id = await anInstance(server, { logo_uri: logo ?? '', brand_color: '#e3002b' });
    await page.goto(
      urlFor(await aClient(server, { instance_id, redirect_uris: [`${application.origin}/callback`] })),
    );
  },
  consent: (visit) => signIn(visit, urlFor(consenting)),
  'consent-right-to-left': (visit) => signIn(visit, urlFor(arabic), aisha),
  'consent-long-names': (visit) =>
    signIn(visit, urlFor(long), { email: 'x@long.example', password: 'a perfectly good password' }),
  async 'sign-out'(visit) {
    await signedIn(visit, urlFor(client));
    await visit.page.goto(`${server.url}/auth/logout?client_id=${client.client_id}`);
  },
  async 'sign-out-choice'(visit) {
    await signedIn(visit, urlFor(client));
    await signIn(visit, urlFor(long), { email: 'x@long.example', password: 'a perfectly good password' });
    await visit.page.getByRole('button', { name: 'Allow', exact: true }).click();
    await visit.page.waitForURL(`${application.origin}/**`);
    await visit.page.goto(`${server.url}/auth/logout`);
  },
  async 'signed-out'(visit) {
    await signedIn(visit, urlFor(client));
    await visit.page.goto(`${server.url}/auth/logout`);
    await visit.page.getByRole('button', { name: 'Sign out' }).click();
  },
  async 'still-signed-in'(visit) {
    await signedIn(visit, urlFor(client));
    await visit.page.goto(`${server.url}/auth/logout`);
    await visit.page.getByRole('button', { name: 'Stay signed in' }).click();
  },
  'not-signed-in': ({ page }) => page.goto(`${server.url}/auth/logout`),
  'not-signed-in-long-name': ({ page }) => page.goto(`${server.url}/auth/logout?client_id=${long.client_id}`),
  'device-code': ({ page }) => page.goto(`${server.url}/auth/device`),
  async 'device-code-unknown'({ page }) {
    await page.goto(`${server.url}/auth/device`);
    await page.getByLabel('Code on your device').fill('bbbb bbbb');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('That is not a code we know.').waitFor();
  },
  async 'device-confirm'({ page }) {
    const code = new URL(await deviceAddress(device)).searchParams.get('user_code') ?? '';
    await page.goto(`${server.url}/auth/device`);
    await page.getByLabel('Code on your device').fill(code.toLowerCase());
    await page.keyboard.press('Enter');
    await page.getByText(code).waitFor();
  },
  'device-confirm-long-names': async ({ page }) => page.goto(await deviceAddress(longDevice)),
  'device-sign-in': (visit) => confirmDevice(visit, device),
  async 'device-done'(visit) {
    await confirmDevice(visit, device);
    await visit.page.getByLabel('Email address').fill(ADA.email);
    await visit.page.getByLabel('Password').fill(ADA.password);
    await visit.page.getByRole('button', { name: 'Sign in' }).click();
    await visit.page.getByRole('heading', { name: 'You are signed in' }).waitFor();
  },
  // The form leads through another origin, which the content policy must allow.
  async 'device-done-upstream'(visit) {
    idp.person = { sub: 'employee-7' };
    await confirmDevice(visit, upstreamDevice);
    await visit.page.getByRole('heading', { name: 'You are signed in' }).waitFor();
  },
  async 'device-confirm-signed-in'(visit) {
    await signIn(visit, urlFor(long), { email: 'x@long.example', password: 'a perfectly good password' });
    await visit.page.goto(await deviceAddress(longDevice));
  },
  async 'device-cancelled'({ page }) {
    await page.goto(await deviceAddress(device));
    await page.getByRole('button', { name: 'Cancel' }).click();
  },
  'error-unknown-client': ({ page }) => page.goto(urlFor({ ...client, client_id: 'unknown' })),
  'error-wrong-redirect-uri': ({ page }) =>
    page.goto(urlFor({ ...client, redirect_uri: 'https://evil.example/callback' })),
  'error-expired': ({ page }) => page.goto(`${server.url}/interaction/aaaaaaaaaaaaaaaaaaaaa`),
  'error-not-found': ({ page }) => page.goto(`${server.url}/nothing-here`),
  'error-upstream-away': ({ page }) => page.goto(urlFor(away)),
  async 'error-upstream-no-access'({ page }) {
    idp.person = { sub: 'nobody-here' };
    await page.goto(urlFor(upstream));
  },
};

/** An application's page posts a hint that does not name the session, so the person is asked. */
async function postHint({ page }: Visit): Promise<string> {
  const claims = { iss: server.url, aud: client.client_id, sub: 'somebody-else' };
  const hint = await server.services.keyRings.oidc.current.sign(claims, 'JWT');
  await page.setContent(`<form method="post" action="${server.url}/auth/logout">
    <input name="id_token_hint" value="${hint}">
    <input name="post_logout_redirect_uri" value="${application.origin}/signed-out">
    <button>Leave</button></form>`);
  await page.getByRole('button', { name: 'Leave' }).click();
  await page.getByRole('heading', { name: 'Sign out?' }).waitFor();
  return hint;
}

describe('signing out by a form of an application', () => {
  it('shows the hint to nobody: neither an address nor a Referer has it', async () => {
    const visit = await chromium.open();
    await signedIn(visit, urlFor(client));
    const seen: string[] = [];
    visit.page.on('request', (request) => {
      seen.push(request.url(), request.headers().referer ?? '');
    });
    const hint = await postHint(visit);
    await visit.page.getByRole('button', { name: 'Sign out' }).click();
    await visit.page.waitForURL(`${application.origin}/signed-out`);
    expect(seen.filter((text) => text.includes('/auth/logout')).length).toBeGreaterThanOrEqual(3);
    const [, payload = ''] = hint.split('.');
    expect(seen.filter((text) => text.includes('id_token_hint') || text.includes(payload))).toEqual([]);
    await visit.context.close();
  });
});

describe('every page', () => {
  it.each(Object.entries(PAGES))('(%s) is fit for everybody', async (name, show) => {
    const visit = await chromium.open();
    await show(visit);
    expect(await inspect(visit.page, name)).toEqual([]);
    expect(visit.problems).toEqual([]);
    await visit.context.close();
  });
});
