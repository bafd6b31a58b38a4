import { buttonsOf, messageOf, openBrowser } from '../../support/browsers/browser.ts';
import { brief, postForm } from '../../support/clients/relying-party.ts';
import { aClient } from '../../support/registrations/factories.ts';
import { startTestServer } from '../../support/servers/test-server.ts';
import {
  aDeviceWorld,
  CANCELLED,
  CODE_PAGE,
  DEVICE_CODE,
  type DeviceAnswer,
  EXPIRED,
  hiddenFields,
  INTERRUPTED,
  PENDING,
  QUESTION,
  SIGNED_IN,
  seen,
  UNKNOWN,
  USED,
} from './world.ts';

const world = aDeviceWorld();
const { server, ada, aDevice, begin, poll, approve, expire } = world;
beforeAll(() => world.start());
afterAll(() => world.close());

/** In the letters that are as wide as those of Chinese and Japanese. */
const wide = (text: string) =>
  text.replaceAll(/[!-~]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0));
/** A browser that has been here. */
const known = () => openBrowser({ headers: { cookie: 'been=here' } });

describe('the page for the code', () => {
  it('asks for it, and finds it however it is written', async () => {
    const browser = openBrowser();
    expect(seen(await browser.get(`${server().url}/auth/device`))).toEqual(CODE_PAGE);
    const { user_code } = await begin();
    const spellings = [
      user_code,
      user_code.toLowerCase(),
      user_code.replace('-', ''),
      ` ${user_code.replace('-', ' ')} `,
      // Wide letters, of an East Asian keyboard, and every other dash and space.
      wide(user_code),
      wide(user_code.toLowerCase()),
      ...['‐', '‑', '–', '—', '−', '－', 'ー', '_', '.', '\u00a0', '\u3000', '\u200b'].map((dash) =>
        user_code.replace('-', dash),
      ),
      user_code.split('').join(' '),
    ];
    for (const spelling of spellings) {
      const page = await browser.get(
        `${server().url}/auth/device?${new URLSearchParams({ user_code: spelling })}`,
      );
      expect(seen(page)).toEqual(QUESTION);
      expect(page.html).toContain(`<p class="device-code">${user_code}</p>`);
    }
  });

  it('keeps what it has of a browser in which nobody is signed in for an hour, and not for weeks', async () => {
    const before = Date.now();
    await openBrowser().get((await begin()).verification_uri_complete);
    const anonymous = server().database.knex('sessions').whereNull('person_id');
    const expiries: Date[] = await anonymous.orderBy('expires_at').pluck('expires_at');
    const last = expiries.at(-1)?.getTime() ?? 0;
    expect(last).toBeGreaterThan(before + 3_590_000);
    expect(last).toBeLessThan(Date.now() + 3_610_000);
  });

  it('always asks whether to go on, also of somebody who is signed in and came by a link', async () => {
    const browser = ada();
    const code = await begin();
    const page = await browser.get(code.verification_uri_complete);
    expect(seen(page)).toEqual(QUESTION);
    expect(page.html).toContain('Only go on if the device is in front of you and shows this code.');
    expect(brief(await poll(code))).toEqual(PENDING);
    const asked = await browser.post(`${server().url}/auth/device`, hiddenFields(page));
    expect(seen(asked)).toEqual(QUESTION);
    expect(
      seen(await browser.follow(await browser.submit(asked, '/auth/device', { confirm: 'yes' }))),
    ).toEqual(SIGNED_IN);
  });

  it.each([
    ['a code that nobody was given', 'BBBB-BBBB', UNKNOWN],
    ['what is no code', '----', UNKNOWN],
    ['more than a code', 'B'.repeat(5000), UNKNOWN],
  ])('refuses %s', async (_what, user_code, refusal) => {
    const browser = known();
    const query = new URLSearchParams({ user_code });
    const page = await browser.get(`${server().url}/auth/device?${query}`);
    expect(seen(page)).toEqual(refusal);
    // The person can correct it.
    expect(/ value="([^"]*)"/.exec(page.html)?.[1]).toBe(user_code.slice(0, 64));
    expect(seen(await browser.post(`${server().url}/auth/device`, { user_code, confirm: 'yes' }))).toEqual(
      refusal,
    );
  });

  it('refuses a code that expired, was used or denied, or whose client is disabled', async () => {
    const browser = openBrowser();
    const open = async ({ verification_uri_complete }: DeviceAnswer) =>
      seen(await browser.get(verification_uri_complete));

    const expired = await begin();
    await expire(expired);
    expect(await open(expired)).toEqual(EXPIRED);
    const approved = await begin();
    await approve(approved);
    expect(await open(approved)).toEqual(USED);
    await poll(approved);
    expect(await open(approved)).toEqual(USED);
    const denied = await begin();
    const page = await browser.get(denied.verification_uri_complete);
    await browser.submit(page, '/auth/device', { abort: 'yes' });
    expect(await open(denied)).toEqual(USED);
    expect(seen(await browser.submit(page, '/auth/device', { confirm: 'yes' }))).toEqual(USED);

    const device = await aDevice();
    const gone = await begin(device);
    await server()
      .database.knex('clients')
      .where({ id: device.client_id })
      .update({ disabled_at: new Date() });
    server().services.registration.clear();
    expect(await open(gone)).toEqual(UNKNOWN);
  });

  it('refuses a form that is not its own', async () => {
    const { user_code, verification_uri_complete } = await begin();
    const form = { user_code, confirm: 'yes', xsrf: 'guessed' };
    const browser = known();
    expect(seen(await browser.post(`${server().url}/auth/device`, form))).toEqual(INTERRUPTED);
    const page = await browser.get(verification_uri_complete);
    expect(seen(await browser.post(`${server().url}/auth/device`, form))).toEqual(INTERRUPTED);
    // The form belongs to another browser.
    const fields = { ...hiddenFields(page), confirm: 'yes' };
    expect(seen(await known().post(`${server().url}/auth/device`, fields))).toEqual(INTERRUPTED);
  });

  it('leads back to the question where the cookies are gone', async () => {
    const { user_code, verification_uri_complete } = await begin();
    const page = await openBrowser().get(verification_uri_complete);
    const fields = { ...hiddenFields(page), confirm: 'yes' };
    const browser = openBrowser();
    const asked = await browser.follow(await browser.post(`${server().url}/auth/device`, fields));
    expect(seen(asked)).toEqual(QUESTION);
    expect(asked.html).toContain(`<p class="device-code">${user_code}</p>`);
    expect(seen(await browser.follow(await browser.submit(asked, '/auth/device', { abort: 'yes' })))).toEqual(
      CANCELLED,
    );
  });

  it('says that the browser blocks cookies, when the code is typed or the question is answered', async () => {
    const { user_code, verification_uri, verification_uri_complete } = await begin();
    const form = await openBrowser().get(verification_uri);
    const question = await openBrowser().get(verification_uri_complete);
    const typed = new URLSearchParams({ ...hiddenFields(form), user_code });
    const answers = [
      await openBrowser().get(`${verification_uri}?${typed}`),
      await openBrowser().post(verification_uri, { ...hiddenFields(question), confirm: 'yes' }),
    ];
    for (const answer of answers) {
      expect(answer.location).toBe(`${verification_uri}?user_code=${user_code}&cookies=checked`);
      const page = await openBrowser().get(answer.location ?? '');
      expect({ ...seen(page), links: buttonsOf(page), says: messageOf(page) }).toEqual({
        status: 400,
        heading: 'Your browser blocks cookies',
        error: undefined,
        links: [`Try again: /auth/device?user_code=${user_code}`],
        says: `Signing in needs cookies. Allow those of ${new URL(server().url).host} in the settings of your browser (private windows and extensions may block them, too).`,
      });
    }
    expect(server().logLines().at(-1)).toMatchObject({ detail: 'the browser keeps no cookies' });
    // Allowed meanwhile.
    const browser = openBrowser();
    const again = await browser.get(`${verification_uri}?user_code=${user_code}`);
    expect(seen(again)).toEqual(QUESTION);
    expect(seen(await browser.submit(again, '/auth/device', { abort: 'yes' }))).toEqual(CANCELLED);
  });

  it('counts the codes that somebody tries, and refuses after too many', async () => {
    const strict = await startTestServer({ env: { FAILURES_PER_MINUTE: '3' } });
    try {
      const device = await aClient(strict, {
        type: 'public',
        redirect_uris: [],
        grant_types: [DEVICE_CODE],
      });
      const { body } = await postForm(`${strict.url}/auth/device_authorization`, {
        ...device,
        scope: 'openid',
      });
      const open = async (user_code: string) =>
        (await openBrowser().get(`${strict.url}/auth/device?user_code=${user_code}`)).status;
      // Right codes do not count.
      for (let i = 0; i < 5; i += 1) expect(await open(String(body.user_code))).toBe(200);
      const guesses = await Promise.all(
        ['BBBBBBBB', 'CCCCCCCC', 'DDDDDDDD', 'FFFFFFFF', 'GGGGGGGG'].map(open),
      );
      expect(guesses.sort()).toEqual([400, 400, 400, 429, 429]);
      // The form is still there, with the code.
      const refused = await openBrowser().get(`${strict.url}/auth/device?user_code=${body.user_code}`);
      const seconds = refused.headers.get('retry-after');
      expect(seen(refused)).toEqual({
        status: 429,
        heading: 'Sign in on your device',
        error: `Too many attempts. Try again in ${seconds} seconds.`,
      });
      expect(refused.html).toContain(`value="${body.user_code}"`);
    } finally {
      await strict.close();
    }
  });
});
