import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createListener } from '../../../src/app.ts';
import type { Config } from '../../../src/config.ts';
import { openBrowser } from '../../support/browsers/browser.ts';
import { DEMO_WEB } from '../../support/clients/relying-party.ts';
import {
  aDemoWorld,
  alert,
  answerIn,
  heading,
  press,
  problem,
  progress,
  signInAsAda,
  waysOn,
} from './world.ts';

const world = aDemoWorld();
const { issuer, signedIn, beforeCallback } = world;
beforeAll(() => world.start());
afterAll(() => world.close());

/** The same server with another configuration, on another port. */
async function serve(config: Partial<Config>): Promise<{ url: string; close(): Promise<unknown> }> {
  const { services } = world.server();
  const other = createServer(
    createListener({ ...services, config: { ...services.config, ...config } }, { retiring: () => false }),
  );
  await new Promise<void>((listening) => other.listen(0, 'localhost', listening));
  const { port } = other.address() as AddressInfo;
  return { url: `http://localhost:${port}`, close: () => new Promise((closed) => other.close(closed)) };
}

describe('the demo refuses, and says how to go on', () => {
  it('an answer with another state, while the real one still works', async () => {
    const { browser, callback } = await beforeCallback();
    const forged = new URL(callback);
    forged.searchParams.set('state', 'another');

    expect(problem(await browser.get(forged.href))).toEqual({
      status: 400,
      title: 'This answer is not expected',
      code: 'state_mismatch',
    });
    expect(heading(await browser.follow(await browser.get(callback.href)))).toBe('Ada Lovelace is signed in');
  });

  it('an answer that comes twice, without forgetting who is signed in', async () => {
    const { browser, callback } = await beforeCallback();
    await browser.get(callback.href);
    const again = await browser.get(callback.href);

    expect(problem(again)).toMatchObject({ status: 400, code: 'state_mismatch' });
    expect(waysOn(again)).toEqual({ 'Go on': '/demo', 'Sign in again': `${issuer()}/demo/sign-in` });
    expect(heading(await browser.get(`${issuer()}/demo`))).toBe('Ada Lovelace is signed in');
  });

  it('an answer in a browser that did not ask', async () => {
    const { callback } = await beforeCallback();
    const page = await openBrowser().get(callback.href);

    expect(problem(page)).toEqual({ status: 400, title: 'Your browser sent no cookie', code: 'no_cookie' });
    expect(waysOn(page)).toEqual({ 'Sign in': `${issuer()}/demo/sign-in`, 'Start over': '/demo' });
  });

  it('no second answer to one request, after a second click on Sign in', async () => {
    const browser = openBrowser();
    const form = await browser.follow(await browser.get(`${issuer()}/demo/sign-in`));
    const callbackOf = async () => {
      const answer = await browser.follow(await signInAsAda(browser, form), `${issuer()}/demo/callback`);
      return new URL(answer.location ?? '');
    };
    const [first, second] = [await callbackOf(), await callbackOf()];
    expect(second.searchParams.get('state')).toBe(first.searchParams.get('state'));
    expect(second.searchParams.get('code')).not.toBe(first.searchParams.get('code'));

    // The browser gives up the first answer, and its cookie with it.
    const cookie = browser.cookies().map(({ name, value }) => `${name}=${value}`);
    await browser.get(first.href);
    const other = openBrowser({ headers: { cookie: cookie.join('; ') } });
    const taken = await other.get(second.href);
    expect({ status: taken.status, location: taken.location }).toEqual({
      status: 303,
      location: `${issuer()}/demo`,
    });
    // And if it had not, the first sign-in would go on.
    expect(heading(await browser.get(`${issuer()}/demo`))).toBe('Ada Lovelace is signed in');
  });

  it('no answer of a tab in which the sign-in began before that of another tab', async () => {
    const browser = openBrowser();
    const first = await browser.follow(await browser.get(`${issuer()}/demo/sign-in`));
    const second = await browser.follow(await browser.get(`${issuer()}/demo/sign-in`));

    for (const form of [second, first])
      expect(heading(await browser.follow(await signInAsAda(browser, form)))).toBe(
        'Ada Lovelace is signed in',
      );
  });

  it('a button of a page from before another sign-in', async () => {
    const { browser, page } = await signedIn();
    await browser.follow(await browser.get(`${issuer()}/demo/sign-in`));
    const answer = await browser.submit(page, '/demo/userinfo');

    expect(problem(answer)).toEqual({ status: 403, title: 'This page is from before', code: 'old_form' });
    expect(waysOn(answer)).toEqual({ 'Go on': '/demo', 'Sign in again': `${issuer()}/demo/sign-in` });
  });

  it('an answer that names another issuer (RFC 9207)', async () => {
    const { browser, callback } = await beforeCallback();
    callback.searchParams.set('iss', 'https://elsewhere.example');

    expect(problem(await browser.get(callback.href))).toEqual({
      status: 400,
      title: 'The answer failed a check',
      code: 'OAUTH_INVALID_RESPONSE',
    });
  });

  it('a code that the issuer does not know, and the same answer from then on', async () => {
    const { browser, callback } = await beforeCallback();
    callback.searchParams.set('code', 'not-a-code');

    expect(problem(await browser.get(callback.href))).toEqual({
      status: 400,
      title: 'The server refused',
      code: 'invalid_grant',
    });
    expect(problem(await browser.get(callback.href))).toMatchObject({ code: 'state_mismatch' });
  });

  it('to be upset when the person does not sign in', async () => {
    const browser = openBrowser();
    const signIn = await browser.follow(await browser.get(`${issuer()}/demo/sign-in`));
    const page = await browser.follow(await browser.submit(signIn, '/abort'));

    expect(problem(page)).toEqual({ status: 403, title: 'You did not sign in', code: 'access_denied' });
  });

  it('a form without the token of its session, or from another site', async () => {
    const { browser, page } = await signedIn();
    const csrf = /name="csrf" value="([^"]*)"/.exec(page.html)?.[1] ?? '';
    const other = /name="csrf" value="([^"]*)"/.exec((await signedIn()).page.html)?.[1] ?? '';
    const post = async (fields: Record<string, string>, headers = {}) =>
      (await browser.post(`${issuer()}/demo/userinfo`, fields, headers)).status;

    expect(await post({})).toBe(403);
    expect(await post({ csrf: other })).toBe(403);
    expect(await post({ csrf }, { 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(progress(await browser.get(`${issuer()}/demo`))).toMatchObject({ userinfo: 'next' });
    expect(await post({ csrf })).toBe(303);
  });

  it.each(['userinfo', 'refresh', 'listnr-token', 'listnr-verification', 'sign-out'])(
    '%s from a browser without a session',
    async (step) => {
      expect(problem(await openBrowser().post(`${issuer()}/demo/${step}`, {}))).toEqual({
        status: 403,
        title: 'The demo has forgotten you',
        code: 'no_session',
      });
    },
  );

  it('a session cookie that it did not sign', async () => {
    const { browser } = await signedIn();
    const id = browser.cookies().find(({ name }) => name === 'listo_demo')?.value;
    const page = await openBrowser().get(`${issuer()}/demo`, {
      cookie: `listo_demo=${id}; listo_demo.sig=forged`,
    });

    expect(heading(page)).toBe('See Sign in with Listo work');
  });

  it('to hide that a token was revoked: the step shows the answer', async () => {
    const { browser, page } = await signedIn();
    const { refresh_token } = answerIn(page, 'Code exchange: answer');
    const { client_id, client_secret } = DEMO_WEB;
    await fetch(`${issuer()}/auth/revoke`, {
      method: 'POST',
      body: new URLSearchParams({ token: refresh_token, client_id, client_secret }),
    });
    const userinfo = await press(browser, page, 'userinfo');
    const refresh = await press(browser, userinfo, 'refresh');

    expect(progress(refresh)).toMatchObject({
      userinfo: 'failed',
      refresh: 'failed',
      'listnr-token': 'next',
    });
    expect(answerIn(userinfo, 'Userinfo: answer').error).toBe('invalid_token');
    expect(answerIn(refresh, 'Refresh: answer').error).toBe('invalid_grant');
    expect(alert(userinfo)).toMatch(/^The server refused\. Its answer: .+ sign in again for new tokens\.$/);
  });

  it('to break when nobody answers at the issuer', async () => {
    const { url, close } = await serve({ issuer: 'http://localhost:9' });
    const page = await openBrowser().get(`${url}/demo/sign-in`);
    await close();

    expect(problem(page)).toEqual({
      status: 502,
      title: 'The issuer does not answer',
      code: 'issuer_unreachable',
    });
  });
});
