import { type Chromium, inspect, launchChromium, type Visit } from '../support/browsers/chromium.ts';
import { ADA } from '../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

let server: TestServer;
let chromium: Chromium;
beforeAll(async () => {
  server = await startTestServer();
  chromium = await launchChromium();
});
afterAll(async () => {
  await chromium.close();
  await server.close();
});

/** On a busy machine, axe takes seconds for each of the four views of a long page. */
const MANY_INSPECTIONS_MS = 240_000;

const heading = ({ page }: Visit) => page.getByRole('heading', { level: 1 }).textContent();

/** The finished steps of the demo. */
function done({ page }: Visit): Promise<string[]> {
  return page.locator('.tour__title--done').allTextContents();
}

/** Presses a step's button. */
async function press({ page }: Visit, step: string): Promise<void> {
  await page.locator(`#${step} form button`).click();
  await page.waitForURL(`**/demo#${step}`);
}

async function openDetails({ page }: Visit): Promise<void> {
  await page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true");
}

/** The code and the button of the bar at the foot of a phone, where they take more than one line. */
const BROKEN_LINES = `[...document.querySelectorAll('.tour__next strong, .tour__next .button')].flatMap((element) => {
  const range = document.createRange();
  range.selectNodeContents(element);
  return new Set([...range.getClientRects()].map(({ top }) => top)).size === 1 ? [] : [element.textContent];
})`;

async function signedIn(): Promise<Visit> {
  const visit = await chromium.open();
  const { page } = visit;
  await page.goto(`${server.url}/demo`);
  await page.getByRole('link', { name: 'Sign in', exact: true }).click();
  await page.getByLabel('Email address').fill(ADA.email);
  await page.getByLabel('Password').fill(ADA.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${server.url}/demo`);
  return visit;
}

describe('the demo', () => {
  it('takes a newcomer from signing in to signing out', async () => {
    const visit = await signedIn();
    expect(await heading(visit)).toBe('Ada Lovelace is signed in');
    for (const step of ['userinfo', 'refresh', 'listnr-token', 'listnr-verification']) {
      const before = (await done(visit)).length;
      await press(visit, step);
      expect((await done(visit)).length).toBe(before + 1);
    }
    await visit.page.locator('#sign-out form button').click();
    await visit.page.waitForURL(`${server.url}/demo?state=signed-out`);
    expect(await visit.page.getByRole('status').textContent()).toContain('You are signed out');
    await visit.page.getByRole('link', { name: 'Sign in', exact: true }).click();
    expect(await heading(visit)).toBe('Sign in to Demo web application');
    expect(visit.problems).toEqual([]);
    await visit.context.close();
  });

  it('is fit for everybody, on every page', async () => {
    const visit = await chromium.open();
    await visit.page.goto(`${server.url}/demo`);
    expect(await inspect(visit.page, 'demo')).toEqual([]);
    await visit.page.goto(`${server.url}/demo/callback?error=access_denied&state=unknown`);
    expect(await inspect(visit.page, 'demo-problem')).toEqual([]);
    expect(visit.problems).toEqual([]);
    await visit.context.close();
  });

  it(
    'is fit for everybody while signed in, with every answer open',
    async () => {
      const visit = await signedIn();
      for (const step of ['userinfo', 'refresh', 'listnr-token', 'listnr-verification'])
        await press(visit, step);
      await openDetails(visit);
      expect(await inspect(visit.page, 'demo-signed-in')).toEqual([]);
      expect(visit.problems).toEqual([]);
      await visit.context.close();
    },
    MANY_INSPECTIONS_MS,
  );

  it(
    'shows consent, a no and a yes, on pages that are fit for everybody',
    async () => {
      const visit = await signedIn();
      const { page } = visit;
      await page.getByRole('link', { name: 'Consent', exact: true }).click();
      expect(await inspect(page, 'demo-consent-start')).toEqual([]);
      await page.getByRole('link', { name: 'Ask for consent' }).click();
      await page.getByRole('button', { name: 'Don’t allow' }).click();
      await page.waitForURL(`${server.url}/demo/consent`);
      expect(await heading(visit)).toBe('The answer was no');
      expect(await inspect(page, 'demo-consent-no')).toEqual([]);

      await page.locator('#again').getByRole('link', { name: 'Ask again' }).click();
      await page.getByRole('button', { name: 'Allow', exact: true }).click();
      await page.waitForURL(`${server.url}/demo/consent`);
      expect(await heading(visit)).toBe('Ada Lovelace allowed it');
      expect(await inspect(page, 'demo-consent-yes')).toEqual([]);
      expect(visit.problems).toEqual([]);
      await visit.context.close();
    },
    MANY_INSPECTIONS_MS,
  );

  it(
    'signs in on a device, whose page loads itself again until the person has decided',
    async () => {
      const visit = await signedIn();
      const { page } = visit;
      await page.getByRole('link', { name: 'Device', exact: true }).click();
      expect(await inspect(page, 'demo-device-start')).toEqual([]);
      await page.goto(`${server.url}/demo/device/start?by=hand`);
      expect(await inspect(page, 'demo-device-waiting')).toEqual([]);
      await page.setViewportSize({ width: 360, height: 740 });
      expect(await page.evaluate(BROKEN_LINES)).toEqual([]);
      await page.setViewportSize({ width: 1280, height: 800 });
      const opened = visit.context.waitForEvent('page');
      await page.getByRole('link', { name: 'Open it with the code' }).click();
      const person = await opened;

      await page.getByRole('link', { name: 'Ask by itself' }).click();
      await person.getByRole('button', { name: 'Continue' }).click();
      await person.getByRole('heading', { name: 'You are signed in' }).waitFor();
      await page.getByRole('heading', { level: 1, name: 'Ada Lovelace is signed in' }).waitFor();
      expect(await inspect(page, 'demo-device-done')).toEqual([]);
      expect(visit.problems).toEqual([]);
      await visit.context.close();
    },
    MANY_INSPECTIONS_MS,
  );

  it('goes on with the back button, and after a second click on Sign in', async () => {
    const visit = await signedIn();
    await visit.page.goBack();
    await visit.page.waitForURL(`${server.url}/demo`);
    expect(await heading(visit)).toBe('Ada Lovelace is signed in');
    await visit.context.close();

    const { page, context, problems } = await chromium.open();
    await page.goto(`${server.url}/demo/sign-in`);
    await page.getByLabel('Email address').fill(ADA.email);
    await page.getByLabel('Password').fill(ADA.password);
    await page.getByRole('button', { name: 'Sign in' }).dblclick();
    await page.getByRole('heading', { level: 1, name: 'Ada Lovelace is signed in' }).waitFor();
    expect(problems).toEqual([]);
    await context.close();
  });

  it('names blocked cookies, and leads on', async () => {
    const visit = await chromium.openWithoutCookies();
    await visit.page.goto(`${server.url}/demo/device/start`);
    expect(await heading(visit)).toBe('Your browser sent no cookie');
    await visit.page.getByRole('link', { name: 'Back to the demo' }).click();
    expect(await heading(visit)).toBe('See Sign in with Listo work');
    await visit.context.close();
  });

  it('works by the keyboard alone', async () => {
    const visit = await chromium.open();
    const { page } = visit;
    const tabTo = async (name: string) => {
      for (let n = 0; n < 60; n += 1) {
        await page.keyboard.press('Tab');
        if ((await page.locator('*:focus').textContent())?.trim() === name) return;
      }
      throw new Error(`The keyboard does not reach ${name}`);
    };
    await page.goto(`${server.url}/demo`);
    await tabTo('Sign in');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/interaction/*');
    await page.locator('#email:focus').waitFor();
    await page.keyboard.type(ADA.email);
    await page.keyboard.press('Tab');
    await page.keyboard.type(ADA.password);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${server.url}/demo`);
    await tabTo((await page.locator('#userinfo form button').textContent())?.trim() ?? '');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/demo#userinfo');
    expect(visit.problems).toEqual([]);
    await visit.context.close();
  });
});
