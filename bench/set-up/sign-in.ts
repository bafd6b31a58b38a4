import { Refusal } from '../../scripts/refusal.ts';
import { type Browser, openBrowser, type Page } from '../../test/support/browsers/browser.ts';
import { authorizationUrl } from '../load/material.ts';
import type { Request } from '../load/request.ts';
import { ISSUER } from './server.ts';
import type { Target } from './target.ts';

/** The people of bench/set-up/seed.sql, who share one password. */
const PEOPLE = 1000;
export const PASSWORD = 'correct horse battery staple';
/** Parallel browsers: enough to keep the server busy, few enough for its connections. */
const LANES = 16;

/** Signs `count` people in, each in a new browser, and returns the `Cookie` headers of their sessions. */
export function signInPeople(target: Target, count: number): Promise<string[]> {
  return inLanes(count, async (n) => {
    const { browser, page } = await openSignIn(target);
    const fields = { email: emailOf(n), password: PASSWORD };
    const answer = await browser.follow(
      await browser.submit(page, '/sign-in', fields),
      target.client.redirectUri,
    );
    if (!answer.location?.includes('code=')) throw new Refusal(`Signing in ended with ${answer.status}.`);
    return cookiesFor(browser, '/');
  });
}

/** The sign-in forms of `count` people, with the password but not yet sent. */
export function typedPasswords(target: Target, count: number): Promise<Request[]> {
  return inLanes(count, async (n) => {
    const { browser, page } = await openSignIn(target);
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1];
    if (!csrf) throw new Refusal('The sign-in page has no csrf field.');
    // The page's address names its client in the query.
    const { origin, pathname } = new URL(page.url);
    const url = `${origin}${pathname}/sign-in`;
    return {
      method: 'POST',
      url,
      headers: { Cookie: cookiesFor(browser, new URL(url).pathname), Origin: ISSUER },
      form: { csrf, email: emailOf(n), password: PASSWORD },
    };
  });
}

/** The sign-in page in a new browser, which sends `headers` with every request. */
export async function openSignIn(
  target: Target,
  headers: Record<string, string> = {},
): Promise<{ browser: Browser; page: Page }> {
  const browser = openBrowser({ headers, servedAt: { [ISSUER]: target.base }, olderPages: true });
  return { browser, page: await browser.follow(await browser.get(authorizationUrl(target))) };
}

export function emailOf(n: number): string {
  return `person-${(n % PEOPLE) + 1}@bench.example`;
}

function cookiesFor(browser: Browser, path: string): string {
  return browser
    .cookies()
    .filter((cookie) => path.startsWith(cookie.path))
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ');
}

async function inLanes<T>(count: number, make: (n: number) => Promise<T>): Promise<T[]> {
  const made: T[] = [];
  let next = 0;
  const lane = async () => {
    for (let n = next++; n < count; n = next++) made[n] = await make(n);
  };
  await Promise.all(Array.from({ length: Math.min(LANES, count) }, lane));
  return made;
}
