import { type Application, startApplication } from '../support/browsers/application.ts';
import { type Chromium, launchChromium, type Visit } from '../support/browsers/chromium.ts';
import { ADA, authorizationUrl, postForm } from '../support/clients/relying-party.ts';
import { aClient, type TestClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

let server: TestServer;
let application: Application;
let chromium: Chromium;
let client: TestClient;
let device: TestClient;

beforeAll(async () => {
  server = await startTestServer();
  chromium = await launchChromium();
  application = await startApplication();
  client = await aClient(server, {
    ...{ name: 'Payroll', redirect_uris: [`${application.origin}/callback`], require_consent: true },
    ...{ tos_uri: 'https://payroll.example/terms', client_uri: 'https://payroll.example/home' },
  });
  device = await aClient(server, {
    ...{ name: 'Television', type: 'public', redirect_uris: [], grant_types: [DEVICE_CODE] },
  });
});
afterAll(async () => {
  await chromium.close();
  await application.close();
  await server.close();
});

const urlFor = (more: Record<string, string> = {}) =>
  authorizationUrl(server.url, { client_id: client.client_id, redirect_uri: client.redirect_uri, ...more });

async function signIn({ page }: Visit): Promise<void> {
  await page.goto(urlFor());
  await page.getByLabel('Email address').fill(ADA.email);
  await page.getByLabel('Password').fill(ADA.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Allow', exact: true }).waitFor();
}

const PAGES: Record<string, (visit: Visit) => Promise<unknown>> = {
  async 'sign-in-wrong-password'({ page }) {
    await page.goto(urlFor());
    await page.getByLabel('Email address').fill(ADA.email);
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
  },
  consent: signIn,
  async accounts(visit) {
    await signIn(visit);
    await visit.page.goto(urlFor({ prompt: 'select_account' }));
  },
  async 'device-confirm'(visit) {
    await signIn(visit);
    const fields = { client_id: device.client_id, scope: 'openid' };
    const { body } = await postForm(`${server.url}/auth/device_authorization`, fields);
    await visit.page.goto(String(body.verification_uri_complete));
  },
  'error-over': ({ page }) =>
    page.goto(`${server.url}/interaction/aaaaaaaaaaaaaaaaaaaaa?client_id=${client.client_id}`),
  'signed-out': ({ page }) => page.goto(`${server.url}/auth/logout?client_id=${client.client_id}`),
};

/** Pale letters, dark grounds and buttons of forms, which paper shows badly or not at all. */
const ON_PAPER = `[...document.querySelectorAll('body *')].flatMap((element) => {
  if (element.checkVisibility() === false || element.closest('.visually-hidden, svg')) return [];
  const style = getComputedStyle(element);
  const channels = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const found = [];
  const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
  if (hasText && Math.max(...channels(style.color).slice(0, 3)) > 51) found.push('pale: ' + style.color);
  const [red, green, blue, alpha = 1] = channels(style.backgroundColor);
  if (alpha > 0 && Math.min(red, green, blue) < 255) found.push('ground: ' + style.backgroundColor);
  if (element.matches('form .button, .person__change')) found.push('button');
  return found.map((what) => element.className + ' ' + what);
})`;

/** Parts that have a ground of their own elsewhere, and no line that shows them here. */
const WITHOUT_LINE = `[...document.querySelectorAll('.person, .avatar, .monogram, .emblem, .device-code, .alert, .card')].flatMap((element) => {
  const { borderTopWidth, borderTopStyle, borderTopColor } = getComputedStyle(element);
  const isShown = borderTopStyle === 'solid' && parseFloat(borderTopWidth) > 0 && borderTopColor !== getComputedStyle(document.body).backgroundColor;
  return isShown ? [] : [element.className];
})`;

/** Drawings that keep a colour of ours where the system chooses the colours. */
const OWN_COLOUR = `[...document.querySelectorAll('main svg')].flatMap((drawing) => {
  const colourOf = (element) => getComputedStyle(element).color;
  return colourOf(drawing) === colourOf(drawing.parentElement) ? [] : [drawing.getAttribute('class') + ' ' + colourOf(drawing)];
})`;

describe.each(Object.entries(PAGES))('%s', (name, show) => {
  let visit: Visit;
  beforeEach(async () => {
    visit = await chromium.open();
    await show(visit);
  });
  afterEach(async () => {
    const folder = process.env.SCREENSHOTS;
    if (folder)
      await visit.page.screenshot({
        path: `${folder}/${expect.getState().currentTestName}.png`.replaceAll(' ', '-'),
      });
    await visit.context.close();
    expect(visit.problems).toEqual([]);
  });

  it('is black on white on paper, where the screen is dark, too', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await visit.page.emulateMedia({ media: 'print', colorScheme });
      expect({ name, found: await visit.page.evaluate<string[]>(ON_PAPER) }).toEqual({ name, found: [] });
    }
  });

  it('shows all its parts where the system chooses the colours', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await visit.page.emulateMedia({ forcedColors: 'active', colorScheme });
      expect({ name, found: await visit.page.evaluate<string[]>(WITHOUT_LINE) }).toEqual({ name, found: [] });
      expect({ name, found: await visit.page.evaluate<string[]>(OWN_COLOUR) }).toEqual({ name, found: [] });
    }
  });
});

describe('on paper', () => {
  it('links have their addresses', async () => {
    const { page, context } = await chromium.open();
    await page.goto(urlFor());
    await page.emulateMedia({ media: 'print' });
    const after = await page.evaluate<string>(
      `getComputedStyle(document.querySelector('.fine-print a'), '::after').content`,
    );
    expect(after).toBe('" (https://payroll.example/terms)"');
    await context.close();
  });
});
