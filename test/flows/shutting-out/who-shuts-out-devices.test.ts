import { type Browser, openBrowser } from '../../support/browsers/browser.ts';
import { postForm, signIn } from '../../support/clients/relying-party.ts';
import { aClient, aPerson } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { rowsTestedBy } from '../../support/sources/security-document.ts';
import { DEVICE_CODE } from '../device-flow/world.ts';
import { cheapHash } from '../what-ends-what/world.ts';

const PASSWORD = 'a perfectly good password';

let server: TestServer;
/** A code that a device shows. */
let right: string;
async function start(): Promise<void> {
  server = await startTestServer({ env: { FAILURES_PER_MINUTE: '20', TRUSTED_PROXIES: '127.0.0.1,::1' } });
  const device = await aClient(server, { type: 'public', redirect_uris: [], grant_types: [DEVICE_CODE] });
  const fields = { client_id: device.client_id, scope: 'openid' };
  right = String((await postForm(`${server.url}/auth/device_authorization`, fields)).body.user_code);
}
let addresses = 0;
/** A browser at an address of its own. */
function stranger(): Browser {
  addresses += 1;
  return openBrowser({ headers: { 'x-forwarded-for': `198.51.100.${addresses}` } });
}

/** A browser in which somebody is signed in. */
async function someone(): Promise<Browser> {
  const person = await aPerson(server, { password: PASSWORD, password_hash: cheapHash(PASSWORD) });
  return (await signIn(server.url, { browser: stranger(), person })).browser;
}

let codes = 0;
/** A code that no device shows. */
function wrong(): string {
  codes += 1;
  const letters = 'BCDFGHJKLM';
  return `BBBB${[...String(codes).padStart(4, '0')].map((digit) => letters[Number(digit)]).join('')}`;
}

const typed = async (browser: Browser, code: string) =>
  (await browser.get(`${server.url}/auth/device?user_code=${code}`)).status;

/** Types so many wrong codes, one after another. */
async function wrongCodes(browser: Browser, count: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let n = 0; n < count; n += 1) statuses.push(await typed(browser, wrong()));
  return statuses;
}

/** Failures of others, which do not end during the test however slow it is. */
async function othersFailed(session: 'with' | 'without', count: number): Promise<void> {
  await server.database.knex.raw(
    `INSERT INTO guesses (bucket, most, failed, expires_at)
     SELECT ?, 250, jsonb_object_agg('guess ' || n, extract(epoch FROM now()) + 3600), now() + interval '1 hour'
     FROM generate_series(1, ?) AS n`,
    [`devices, ${session} a session`, count],
  );
}

const refused = (count: number) => Array(count).fill(400);

/** The rows of the table in docs/security.md, in its order. */
const CASES: Record<string, () => Promise<void>> = {
  'People type the codes of their devices': async () => {
    const [office, known] = [stranger(), await someone()];
    for (let n = 0; n < 30; n += 1) expect(await typed(n % 2 ? office : known, right)).toBe(200);
    const rows = await server.database.knex('guesses').whereNot({ failed: {} });
    expect(rows.filter(({ bucket }) => bucket.startsWith('devices'))).toEqual([]);
  },

  'An address without a session types wrong codes': async () => {
    const [address, neighbour, known] = [stranger(), stranger(), await someone()];
    expect(await wrongCodes(address, 7)).toEqual([...refused(5), 429, 429]);
    expect(await typed(address, right)).toBe(429);
    expect(await typed(neighbour, right)).toBe(200);
    expect(await typed(known, right)).toBe(200);
  },

  'Fifty addresses without a session type wrong codes': async () => {
    await othersFailed('without', 245);
    expect(await wrongCodes(stranger(), 5)).toEqual(refused(5));
    expect(await wrongCodes(stranger(), 1)).toEqual([429]);
    expect(await typed(stranger(), right)).toBe(429);
    const known = await someone();
    expect(await typed(known, right)).toBe(200);
    expect(await wrongCodes(known, 1)).toEqual(refused(1));
  },

  'A person who is signed in types wrong codes': async () => {
    const person = await aPerson(server, { password: PASSWORD, password_hash: cheapHash(PASSWORD) });
    const { browser } = await signIn(server.url, { browser: stranger(), person });
    const { browser: other } = await signIn(server.url, { browser: stranger(), person });
    expect(await wrongCodes(browser, 21)).toEqual([...refused(20), 429]);
    expect(await typed(browser, right)).toBe(429);
    expect(await typed(other, right)).toBe(429);
    expect(await typed(stranger(), right)).toBe(200);
    expect(await typed(await someone(), right)).toBe(200);
  },

  'Thirteen people who are signed in type wrong codes': async () => {
    await othersFailed('with', 240);
    expect(await wrongCodes(await someone(), 11)).toEqual([...refused(10), 429]);
    expect(await typed(await someone(), right)).toBe(429);
    expect(await typed(stranger(), right)).toBe(200);
  },
};

it('who keeps whom from typing a device’s code is the table in docs/security.md', () => {
  expect(rowsTestedBy('who-shuts-out-devices')).toEqual(Object.keys(CASES));
});

describe('a device’s code', () => {
  // A process remembers what it refuses, so each test has its own.
  beforeEach(start, 120_000);
  afterEach(() => server.close());

  it.each(Object.entries(CASES))('%s', async (_name, check) => check(), 120_000);

  it('is guessed with a chance of less than 1 in 10,000, whoever guesses and however long', async () => {
    await Promise.all([othersFailed('without', 249), othersFailed('with', 249)]);
    const guessers = [
      [stranger(), stranger()],
      [await someone(), await someone()],
    ];
    for (const two of guessers) {
      const statuses = await Promise.all(two.map((browser) => typed(browser, wrong())));
      expect(statuses.sort()).toEqual([400, 429]);
    }
    const { rows } = await server.database.knex.raw<{ rows: { most: number }[] }>(
      "SELECT sum(most)::int AS most FROM guesses WHERE bucket LIKE 'devices,%'",
    );
    // A code lives for ten minutes.
    const guesses = (rows[0]?.most ?? 0) * 10;
    expect({ guesses, oneIn: 20 ** 8 / guesses }).toEqual({ guesses: 5_000, oneIn: 5_120_000 });
  }, 120_000);
});
