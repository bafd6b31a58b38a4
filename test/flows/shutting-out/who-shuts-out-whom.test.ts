import { readFileSync } from 'node:fs';
import { type Browser, errorOf, openBrowser, type Page } from '../../support/browsers/browser.ts';
import { ADA, authorizationUrl } from '../../support/clients/relying-party.ts';
import { aPerson as aPersonWith } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

interface Credentials {
  email: string;
  password: string;
}

let server: TestServer;
beforeAll(async () => {
  const env = { FAILURES_PER_MINUTE: '20', TRUSTED_PROXIES: '127.0.0.1,::1' };
  server = await startTestServer({ env });
});
afterAll(() => server.close());

/** A person with a cheap hash: there are hundreds of guesses here, and hashing is not the subject. */
const aPerson = (on: TestServer) =>
  aPersonWith(on, {
    password: 'a perfectly good password',
    password_hash:
      '$argon2id$v=19$m=8,t=1,p=1$wlENKvnXwBpdEiTcWH6Ukg$2VpBSng3l9qkDDH4mO6Zlm1xduFU4UepECa30GG1xEw',
  });

let addresses = 0;
/** An address that no other test uses. */
function anAddress(): string {
  addresses += 1;
  return `198.51.${Math.floor(addresses / 250)}.${(addresses % 250) + 1}`;
}

/** A browser at an address; by default at one of its own. */
const aBrowser = (address = anAddress()) => openBrowser({ headers: { 'x-forwarded-for': address } });

async function attempt(browser: Browser, { email, password }: Credentials): Promise<Page> {
  const page = await browser.follow(await browser.get(authorizationUrl(server.url, { prompt: 'login' })));
  return browser.submit(page, '/sign-in', { email, password });
}

const statusOf = async (browser: Browser, credentials: Credentials) =>
  (await attempt(browser, credentials)).status;
const guess = ({ email }: { email: string }): Credentials => ({ email, password: 'a guess' });

/** Guesses, each in a browser of its own. Returns how many got each status. */
async function guesses(
  count: number,
  make: (n: number) => { address: string; at: Credentials },
): Promise<Record<number, number>> {
  const statuses = await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const { address, at } = make(n);
      return statusOf(aBrowser(address), at);
    }),
  );
  return Object.fromEntries(
    [...new Set(statuses)].map((status) => [status, statuses.filter((other) => other === status).length]),
  );
}

/** The rows of the table in docs/security.md, in its order. */
const CASES: Record<string, () => Promise<void>> = {
  'Fifty people sign in at once behind one address, with the right passwords': async () => {
    const people = await Promise.all(Array.from({ length: 50 }, () => aPerson(server)));
    const address = anAddress();
    expect(await guesses(50, (n) => ({ address, at: people[n] as Credentials }))).toEqual({ 303: 50 });
  },

  'A person mistypes a password 20 times, and then remembers it': async () => {
    const [person, neighbour] = [await aPerson(server), await aPerson(server)];
    const address = anAddress();
    expect(await guesses(20, () => ({ address, at: guess(person) }))).toEqual({ 401: 20 });
    const refused = await attempt(aBrowser(address), person);
    const seconds = Number(refused.headers.get('retry-after'));
    expect({ status: refused.status, error: errorOf(refused) }).toEqual({
      status: 429,
      error: `Too many attempts. Try again in ${seconds} seconds.`,
    });
    // The form is still there, with the address and in the instance's look.
    expect(refused.html).toContain(`value="${person.email}"`);
    expect(refused.html).toContain('name="password"');
    expect(refused.html).toContain('/assets/theme/demo.css');
    expect(seconds).toBeGreaterThan(1);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(await statusOf(aBrowser(address), neighbour)).toBe(303);
  },

  'A stranger guesses at one account, from any number of addresses': async () => {
    const person = await aPerson(server);
    const known = aBrowser();
    expect(await statusOf(known, person)).toBe(303);
    expect(await guesses(30, () => ({ address: anAddress(), at: guess(person) }))).toEqual({
      401: 20,
      429: 10,
    });
    expect(await statusOf(aBrowser(), person)).toBe(429);
    // The owner's browser, at its old address and at a new one.
    expect(await statusOf(known, person)).toBe(303);
    expect(await statusOf(known, person)).toBe(303);
  },

  'A stranger goes on while the limit refuses': async () => {
    const person = await aPerson(server);
    await guesses(20, () => ({ address: anAddress(), at: guess(person) }));
    const failures = () =>
      server.database.knex('guesses').whereNot({ failed: {} }).orderBy('bucket').pluck('failed');
    const before = await failures();
    expect(await guesses(20, () => ({ address: anAddress(), at: guess(person) }))).toEqual({ 429: 20 });
    expect(await failures()).toEqual(before);
  },

  'An address guesses at many accounts': async () => {
    const person = await aPerson(server);
    const address = anAddress();
    const known = aBrowser(address);
    expect(await statusOf(known, person)).toBe(303);
    const at = (n: number) => guess({ email: `${address}-${n % 25}@demo.example` });
    expect(await guesses(25, (n) => ({ address, at: at(n) }))).toEqual({ 401: 20, 429: 5 });
    expect(await statusOf(aBrowser(address), person)).toBe(429);
    expect(await statusOf(known, person)).toBe(303);
    expect(await statusOf(aBrowser(), person)).toBe(303);
  },

  'A known browser guesses': async () => {
    const [person, other] = [await aPerson(server), await aPerson(server)];
    const known = aBrowser();
    expect(await statusOf(known, person)).toBe(303);
    const statuses = await Promise.all(Array.from({ length: 22 }, () => statusOf(known, guess(person))));
    expect(statuses.sort()).toEqual([...Array(20).fill(401), 429, 429]);
    expect(await statusOf(aBrowser(), person)).toBe(303);
    // It is known to one account only.
    expect(await statusOf(known, other)).toBe(303);
  },
};

describe('who shuts out whom', () => {
  it('is the table in docs/security.md', () => {
    const document = readFileSync(new URL('../../../docs/security.md', import.meta.url), 'utf8');
    const rows = [...document.matchAll(/^\| ([^|]+?) +\|.*\| `who-shuts-out-whom` +\|$/gm)];
    expect(rows.map(([, name]) => name)).toEqual(Object.keys(CASES));
  });

  it.each(Object.entries(CASES))('%s', async (_name, check) => check());
});

it('an account that does not exist has the same limit', async () => {
  const nobody = guess({ email: 'nobody-here@demo.example' });
  expect(await guesses(23, () => ({ address: anAddress(), at: nobody }))).toEqual({ 401: 20, 429: 3 });
});

it('the cookie of a known browser names nobody, and is worth nothing at another account or when changed', async () => {
  const [person, other] = [await aPerson(server), await aPerson(server)];
  const known = aBrowser();
  const page = await attempt(known, person);
  const [set = ''] = page.headers.getSetCookie().filter((cookie) => cookie.startsWith('listo_known_demo='));
  expect(set).toMatch(
    /^listo_known_demo=[\w-]{22}~[0-9a-z]+~[\w-]{43}; path=\/; max-age=31536000; httponly; samesite=lax$/,
  );
  const value = /=([^;]+)/.exec(set)?.[1] ?? '';
  await guesses(20, (n) => ({ address: anAddress(), at: guess(n % 2 ? person : other) }));
  await guesses(20, (n) => ({ address: anAddress(), at: guess(n % 2 ? other : person) }));
  const withCookie = async (cookie: string, credentials: Credentials) => {
    const browser = openBrowser({ headers: { 'x-forwarded-for': anAddress() } });
    const form = await browser.follow(await browser.get(authorizationUrl(server.url)));
    const csrf = /name="csrf" value="([^"]+)"/.exec(form.html)?.[1] ?? '';
    const path = new URL(form.url).pathname;
    const cookies = browser.cookies().filter((one) => path.startsWith(one.path));
    const { email, password } = credentials;
    const { status } = await fetch(`${server.url}${path}/sign-in`, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'x-forwarded-for': anAddress(),
        cookie: [...cookies.map((one) => `${one.name}=${one.value}`), `listo_known_demo=${cookie}`].join(
          '; ',
        ),
      },
      body: new URLSearchParams({ csrf, email, password }),
    });
    return status;
  };
  expect(await withCookie(value, person)).toBe(303);
  expect(await withCookie(value, other)).toBe(429);
  const changed = value.startsWith('x') ? 'y' : 'x';
  expect(await withCookie(`${changed}${value.slice(1)}`, person)).toBe(429);
  expect(await withCookie(`${value.slice(0, -43)}${'A'.repeat(43)}`, person)).toBe(429);
});

it('a sign-in leaves no failure behind', async () => {
  await server.database.knex('guesses').delete();
  expect(await statusOf(aBrowser(), ADA)).toBe(303);
  const rows = await server.database.knex('guesses').select('failed', 'under_way');
  expect(rows).toEqual([
    { failed: {}, under_way: {} },
    { failed: {}, under_way: {} },
  ]);
});
