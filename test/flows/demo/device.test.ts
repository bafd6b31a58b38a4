import { createHash } from 'node:crypto';
import { type Browser, openBrowser, type Page } from '../../support/browsers/browser.ts';
import { ADA } from '../../support/clients/relying-party.ts';
import { until } from '../../support/time/until.ts';
import {
  aDemoWorld,
  answerIn,
  block,
  firstWords,
  heading,
  notice,
  problem,
  progress,
  signInAsAda,
} from './world.ts';

const world = aDemoWorld();
const { issuer } = world;
beforeAll(() => world.start());
afterAll(() => world.close());

/** The television, with a code. */
async function turnedOn() {
  const browser = openBrowser();
  const page = await browser.follow(await browser.get(`${issuer()}/demo/device/start`));
  return { browser, page, codes: answerIn(page, 'Device authorization: answer') };
}

/** Decides as the person, in another browser. */
async function decide(codes: { verification_uri_complete: string }, decision: 'confirm' | 'abort') {
  const person = openBrowser();
  const question = await person.get(codes.verification_uri_complete);
  const next = await person.follow(await person.submit(question, '/auth/device', { [decision]: 'yes' }));
  if (decision === 'confirm') await person.follow(await signInAsAda(person, next));
}

async function check(browser: Browser, page: Page): Promise<Page> {
  const action = /action="([^"]*\/check[^"]*)"/.exec(page.html)?.[1] ?? '';
  return browser.follow(await browser.submit(page, action));
}

const rowOf = ({ device_code }: { device_code: string }) =>
  world
    .server()
    .database.knex('artifacts')
    .where({ model: 'DeviceCode', id_hash: createHash('sha256').update(device_code).digest() });

const lastAnswer = ({ html }: Page) => /<dt aria-current="true"><code>(\w+)<\/code>/.exec(html)?.[1];
const reloads = ({ headers }: Page) => headers.get('refresh');
const waits = { code: 'done', person: 'next', poll: 'todo', tokens: 'todo' };

describe('the demo of a device', () => {
  it('begins with a page that asks for nothing', async () => {
    const page = await openBrowser().get(`${issuer()}/demo/device`);

    expect({ status: page.status, heading: heading(page), reloads: reloads(page) }).toEqual({
      status: 200,
      heading: 'Sign in on a device without a browser',
      reloads: null,
    });
    expect(page.headers.getSetCookie()).toEqual([]);
  });

  it('shows the code, where to enter it, and loads itself again while it waits', async () => {
    const { page, codes } = await turnedOn();

    expect(block(page, 'Device authorization: request')).toBe(
      `curl ${issuer()}/auth/device_authorization \\
  --data-urlencode 'scope=openid profile email' \\
  -d client_id=client_demo_device`,
    );
    expect({ progress: progress(page), reloads: reloads(page) }).toEqual({
      progress: waits,
      reloads: '5;url=/demo/device',
    });
    expect(page.html).toContain(`<p class="device-code">${codes.user_code}</p>`);
    expect(page.html).toContain(`href="${issuer()}/auth/device"`);
    expect(page.html).toContain(`href="${codes.verification_uri_complete}"`);
  });

  it('checks at a press: nobody has decided, too soon, and then the tokens', async () => {
    const { browser, page, codes } = await turnedOn();
    const pending = await check(browser, page);
    expect({ url: pending.url, answer: lastAnswer(pending), reloads: reloads(pending) }).toEqual({
      url: `${issuer()}/demo/device#poll`,
      answer: 'authorization_pending',
      reloads: '5;url=/demo/device',
    });

    const later = new Date(Date.now() + 3_600_000);
    await rowOf(codes).update({ polled_at: later });
    const hasty = await check(browser, pending);
    expect({ answer: lastAnswer(hasty), reloads: reloads(hasty), progress: progress(hasty) }).toEqual({
      answer: 'slow_down',
      reloads: '10;url=/demo/device',
      progress: waits,
    });

    await decide(codes, 'confirm');
    const done = await check(browser, hasty);
    expect({ heading: heading(done), reloads: reloads(done), progress: progress(done) }).toEqual({
      heading: 'Ada Lovelace is signed in',
      reloads: null,
      progress: { code: 'done', person: 'done', poll: 'done', tokens: 'done' },
    });
    expect(block(done, 'Poll: request')).toBe(
      `DEVICE_CODE='${codes.device_code}'

curl ${issuer()}/auth/token \\
  -d "device_code=$DEVICE_CODE" \\
  --data-urlencode 'grant_type=urn:ietf:params:oauth:grant-type:device_code' \\
  -d client_id=client_demo_device`,
    );
    expect(answerIn(done, 'ID token: claims')).toMatchObject({ sub: ADA.id, aud: 'client_demo_device' });
    expect(firstWords(done, 'poll')).toBe('The device asked 3 times, and stopped at this answer.');
  });

  it('checks when it loads itself again, without a press', async () => {
    const { browser, codes } = await turnedOn();
    await decide(codes, 'confirm');

    await until('the page has the tokens', async () => {
      const page = await browser.get(`${issuer()}/demo/device`);
      return heading(page) === 'Ada Lovelace is signed in';
    });
    const { access_token } = answerIn(await browser.get(`${issuer()}/demo/device`), 'Poll: answer');
    const { status } = await fetch(`${issuer()}/auth/userinfo`, {
      headers: { authorization: `Bearer ${access_token}` },
    });
    expect(status).toBe(200);
  });

  it('checks only at a press where the visitor prefers that', async () => {
    const browser = openBrowser();
    const page = await browser.follow(await browser.get(`${issuer()}/demo/device/start?by=hand`));
    const checked = await check(browser, page);

    expect({ before: reloads(page), after: reloads(checked), url: checked.url }).toEqual({
      before: null,
      after: null,
      url: `${issuer()}/demo/device?by=hand#poll`,
    });
    expect(lastAnswer(checked)).toBe('authorization_pending');
  });

  it('stops at a no, and offers another code', async () => {
    const { browser, page, codes } = await turnedOn();
    await decide(codes, 'abort');
    const denied = await check(browser, page);

    expect({
      heading: heading(denied),
      answer: lastAnswer(denied),
      reloads: reloads(denied),
      progress: progress(denied),
    }).toEqual({
      heading: 'Nobody signed in on the device',
      answer: 'access_denied',
      reloads: null,
      progress: { code: 'done', person: 'done', poll: 'failed', tokens: 'todo' },
    });
    expect(denied.html).toContain(`href="${issuer()}/demo/device/start">Get a new code</a>`);
    const another = await browser.follow(await browser.get(`${issuer()}/demo/device/start`));
    expect(progress(another)).toEqual(waits);
  });

  it('stops at a code that has expired', async () => {
    const { browser, page, codes } = await turnedOn();
    const { payload } = await rowOf(codes).first();
    const exp = Math.floor(Date.now() / 1000) - 1;
    await rowOf(codes).update({ payload: JSON.stringify({ ...payload, exp }) });

    const expired = await check(browser, page);
    expect({ answer: lastAnswer(expired), reloads: reloads(expired) }).toEqual({
      answer: 'expired_token',
      reloads: null,
    });
  });

  it('says so when the browser sends no cookie, or one of a session that is gone', async () => {
    const { location = '' } = await openBrowser().get(`${issuer()}/demo/device/start`);
    expect(problem(await openBrowser().get(location))).toEqual({
      status: 400,
      title: 'Your browser sent no cookie',
      code: 'no_cookie',
    });

    const { browser, page } = await world.signedIn();
    const cookie = browser.cookies().map(({ name, value }) => `${name}=${value}`);
    await browser.follow(await browser.submit(page, '/demo/sign-out'));
    const kept = await openBrowser().get(location, { cookie: cookie.join('; ') });
    expect(notice(kept)).toBe(
      'The demo keeps a session for an hour, in the memory of the server. Begin again to go on.',
    );
  });
});
