import { EventEmitter, once } from 'node:events';
import { type Application, startApplication } from '../support/browsers/application.ts';
import { type Chromium, inspect, launchChromium, type Visit } from '../support/browsers/chromium.ts';
import { beginDevice } from '../support/clients/device.ts';
import { ADA, authorizationUrl } from '../support/clients/relying-party.ts';
import { aClient, type TestClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { until } from '../support/time/until.ts';

let server: TestServer;
let application: Application;
let chromium: Chromium;
let client: TestClient;
/** Says that a request arrived at an application that does not answer it. */
const slow = new EventEmitter();
let isSlow = false;

beforeAll(async () => {
  server = await startTestServer();
  chromium = await launchChromium();
  application = await startApplication({
    answers(path) {
      if (path !== '/callback' || !isSlow) return true;
      slow.emit('asked');
      return false;
    },
  });
  client = await aClient(server, {
    name: 'Payroll',
    redirect_uris: [`${application.origin}/callback`],
    client_uri: `${application.origin}/home`,
    initiate_login_uri: `${application.origin}/begin`,
  });
});
afterAll(async () => {
  await chromium.close();
  await application.close();
  await server.close();
});

let visit: Visit;
beforeEach(async () => {
  isSlow = false;
  visit = await chromium.open();
});
afterEach(async () => {
  await visit.context.close();
  expect(visit.problems).toEqual([]);
});

const url = (more: Record<string, string> = {}, to = client) =>
  authorizationUrl(server.url, { client_id: to.client_id, redirect_uri: to.redirect_uri, ...more });
const heading = () => visit.page.getByRole('heading', { level: 1 }).textContent();
const linksOf = async () =>
  Promise.all(
    (await visit.page.locator('main .actions a').all()).map(async (link) => [
      (await link.textContent())?.trim(),
      await link.getAttribute('href'),
    ]),
  );
const seen = async () => ({ heading: await heading(), links: await linksOf() });
const linksToPayroll = () => [
  ['Sign in again to Payroll', `${application.origin}/begin?iss=${encodeURIComponent(server.url)}`],
  ['Go back to Payroll', `${application.origin}/home`],
];

async function fillIn(): Promise<void> {
  await visit.page.getByLabel('Email address').fill(ADA.email);
  await visit.page.getByLabel('Password').fill(ADA.password);
}
const press = (name: string) => visit.page.getByRole('button', { name, exact: true }).click();

/** Presses a button again while the application does not answer. The mouse does not wait for it, as a person would not. */
async function pressTwice(name: string): Promise<void> {
  const button = visit.page.getByRole('button', { name, exact: true });
  // Waits until the page has its place for it.
  await button.hover();
  const box = await button.boundingBox();
  if (!box) throw new Error(`There is no button ${name}.`);
  const click = () => visit.page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  isSlow = true;
  const asked = once(slow, 'asked');
  await click();
  await asked;
  isSlow = false;
  await click();
}

/** The parameters that the application got. A second click may break off the way of the first one, and goes on itself. */
async function atApplication(): Promise<Record<string, string>> {
  const there = `${application.origin}/callback?`;
  await until('the browser is at the application', () => visit.page.url().startsWith(there));
  return Object.fromEntries(new URL(visit.page.url()).searchParams);
}
const answer = () => ({ code: expect.any(String), state: 'kept', iss: server.url });

describe('a browser that has signed in', () => {
  it('goes on after a second click, while the application is slow', async () => {
    await visit.page.goto(url({ state: 'kept' }));
    await fillIn();
    await pressTwice('Sign in');
    expect(await atApplication()).toEqual(answer());
  });

  it('goes on with the back button', async () => {
    await visit.page.goto(url({ state: 'kept' }));
    await fillIn();
    await press('Sign in');
    const first = await atApplication();
    await visit.page.goBack({ waitUntil: 'commit' });
    const second = await atApplication();
    for (const one of [first, second]) expect(one).toEqual(answer());
    expect(second.code).not.toBe(first.code);
  });

  it('goes on in a second tab that still shows the form', async () => {
    const other = await visit.context.newPage();
    await visit.page.goto(url({ state: 'kept' }));
    await other.goto(visit.page.url());
    await fillIn();
    await press('Sign in');
    await atApplication();
    await other.getByLabel('Email address').fill(ADA.email);
    await other.getByLabel('Password').fill(ADA.password);
    await other.getByRole('button', { name: 'Sign in', exact: true }).click();
    await other.waitForURL(`${application.origin}/callback?**`);
    expect(Object.fromEntries(new URL(other.url()).searchParams)).toEqual(answer());
  });

  it('goes on from a given consent, after a second click', async () => {
    const asking = await aClient(server, {
      redirect_uris: [`${application.origin}/callback`],
      require_consent: true,
    });
    await visit.page.goto(url({ state: 'kept' }, asking));
    await fillIn();
    await press('Sign in');
    await pressTwice('Allow');
    expect(await atApplication()).toEqual(answer());
  });
});

describe('a page that is over', () => {
  it('leads to the application where the sign-in was called off, and to begin again there', async () => {
    await visit.page.goto(url());
    await press('Cancel and go back to Payroll');
    await visit.page.waitForURL(`${application.origin}/callback?**`);
    await visit.page.goBack();
    expect(await heading()).toBe('This page is no longer valid');
    expect(await linksOf()).toEqual(linksToPayroll());
    expect(await inspect(visit.page, 'over')).toEqual([]);
    await visit.page.getByRole('link', { name: 'Sign in again to Payroll' }).click();
    await visit.page.waitForURL(`${application.origin}/begin?iss=**`);
  });

  it('leads to the application from a tab that was restored days later, or is sent then', async () => {
    await visit.page.goto(url());
    await fillIn();
    const form = await visit.context.newPage();
    await form.goto(visit.page.url());
    await visit.context.clearCookies();
    await server.database.knex('artifacts').where({ model: 'Interaction' }).delete();
    await press('Sign in');
    expect(await seen()).toEqual({ heading: 'This page is no longer valid', links: linksToPayroll() });
    await form.reload();
    visit = { ...visit, page: form };
    expect(await seen()).toEqual({ heading: 'This page is no longer valid', links: linksToPayroll() });
  });

  it('leads on without an address of the application’s own', async () => {
    const plain = await aClient(server, { redirect_uris: [`${application.origin}/callback`], name: 'Plain' });
    await visit.page.goto(url({}, plain));
    await press('Cancel and go back to Plain');
    await visit.page.waitForURL(`${application.origin}/callback?**`);
    await visit.page.goBack();
    expect(await linksOf()).toEqual([['Go back to Plain', `${application.origin}/`]]);
  });
});

describe('a browser that lost its cookies while a form was open', () => {
  it('is told so, with the way to the application', async () => {
    await visit.page.goto(url());
    await fillIn();
    await visit.context.clearCookies();
    await press('Sign in');
    const told = { heading: 'Your browser did not send our cookie', links: linksToPayroll() };
    expect(await seen()).toEqual(told);
    expect(await inspect(visit.page, 'cookies-lost')).toEqual([]);
    await visit.page.reload();
    expect(await seen()).toEqual(told);
  });
});

describe('a browser that blocks cookies', () => {
  beforeEach(async () => {
    await visit.context.close();
    visit = await chromium.openWithoutCookies();
  });

  it('is told so, with the way to the application', async () => {
    await visit.page.goto(url());
    expect(await seen()).toEqual({ heading: 'Your browser blocks cookies', links: linksToPayroll() });
    expect(await visit.page.getByText('Allow those of').textContent()).toContain(new URL(server.url).host);
    expect(await inspect(visit.page, 'cookies-blocked')).toEqual([]);
    await visit.page.reload();
    expect(await heading()).toBe('Your browser blocks cookies');
  });

  it('is told so where a device’s code is typed, and where its question is answered', async () => {
    const { user_code, verification_uri, verification_uri_complete } = await beginDevice(server);
    const blocked = {
      heading: 'Your browser blocks cookies',
      links: [['Try again', `/auth/device?user_code=${user_code}`]],
    };
    await visit.page.goto(verification_uri);
    await visit.page.getByLabel('Code on your device').fill(user_code);
    await press('Continue');
    expect(await seen()).toEqual(blocked);
    await visit.page.goto(verification_uri_complete);
    await press('Continue');
    expect(await seen()).toEqual(blocked);
    expect(await inspect(visit.page, 'device-cookies-blocked')).toEqual([]);
  });
});
