import { freePort } from '../../../scripts/free-port.ts';
import { createExpiredRowsStore, EXPIRING_TABLES } from '../../../src/housekeeping/expired-rows-store.ts';
import { DEVICE_CODE_GRANT } from '../../../src/tokens/redeem-device-code.ts';
import { type Browser, openBrowser } from '../../support/browsers/browser.ts';
import {
  ADA,
  type Answer,
  authorizationUrl,
  DEMO_WEB,
  exchange,
  getJson,
  postForm,
} from '../../support/clients/relying-party.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { aClient } from '../../support/registrations/factories.ts';
import { type ServerProcess, startServerProcess } from '../../support/servers/server-process.ts';
import { until } from '../../support/time/until.ts';

const SEEDS_DIR = new URL('../../../config/seeds', import.meta.url).pathname;
const SHIFTED_CLOCK = new URL('../../support/servers/shifted-clock.ts', import.meta.url).href;
const HOUR = 3600;

describe.each([
  ['an hour behind', -HOUR, 'behind'],
  ['an hour ahead', HOUR, 'ahead of'],
])('a process whose clock is %s', (_what, shift, direction) => {
  let database: TestDatabase;
  let right: ServerProcess;
  let wrong: ServerProcess;
  let internal: string;

  beforeAll(async () => {
    database = await openTestDatabase();
    const [port, internalPort] = [await freePort(), await freePort()];
    internal = `http://localhost:${internalPort}`;
    // Housekeeping runs only where the test runs it, at the worst moments.
    const shared = { ISSUER: `http://localhost:${port}`, SEEDS_DIR, HOUSEKEEPING_SECONDS: '86400' };
    right = await startServerProcess(database.url ?? '', { ...shared, PORT: String(port) });
    wrong = await startServerProcess(database.url ?? '', {
      ...shared,
      INTERNAL_PORT: String(internalPort),
      CLOCK_SHIFT_SECONDS: String(shift),
      NODE_OPTIONS: `--import=${SHIFTED_CLOCK}`,
    });
  });
  afterAll(async () => {
    await Promise.all([right?.stop(), wrong?.stop()]);
    await database.close();
  });

  async function deleteExpiredRows(): Promise<void> {
    const store = createExpiredRowsStore(database.knex);
    for (const table of EXPIRING_TABLES) await store.deleteBatch(table, 1000);
  }

  /** Signs in, with each step at the process that `at` names, and returns the status of the exchange. */
  async function signIn(
    at: { begin: ServerProcess; form: ServerProcess; finish: ServerProcess; exchange: ServerProcess },
    browser: Browser = openBrowser({ origin: right.url }),
  ): Promise<number> {
    const moved = (url: string | undefined, to: ServerProcess) => {
      const { pathname, search } = new URL(url ?? '');
      return `${to.url}${pathname}${search}`;
    };
    const start = await browser.get(moved(authorizationUrl(right.url), at.begin));
    await deleteExpiredRows();
    const form = await browser.get(moved(start.location, at.form));
    expect(form.status).toBe(200);
    const answered = await browser.submit(form, '/sign-in', ADA);
    await deleteExpiredRows();
    const resumed = await browser.get(moved(answered.location, at.finish));
    const code = new URL(resumed.location ?? '').searchParams.get('code') ?? '';
    await deleteExpiredRows();
    return (await exchange(at.exchange.url, code)).status;
  }

  it('signs people in all by itself', async () => {
    expect(await signIn({ begin: wrong, form: wrong, finish: wrong, exchange: wrong })).toBe(200);
  });

  it('finishes what another began, and begins what another finishes', async () => {
    expect(await signIn({ begin: wrong, form: right, finish: wrong, exchange: right })).toBe(200);
    expect(await signIn({ begin: right, form: wrong, finish: right, exchange: wrong })).toBe(200);
    expect(await signIn({ begin: wrong, form: wrong, finish: right, exchange: right })).toBe(200);
  });

  it('knows of a session at another when it began', async () => {
    const browser = openBrowser({ origin: right.url });
    expect(await signIn({ begin: wrong, form: wrong, finish: wrong, exchange: wrong }, browser)).toBe(200);
    const again = await browser.get(authorizationUrl(right.url, { max_age: '600' }));
    expect(again.location).toMatch(new RegExp(`^${DEMO_WEB.redirect_uri}\\?code=`));
  });

  it('refreshes what another gave', async () => {
    const browser = openBrowser({ origin: right.url });
    const start = await browser.get(authorizationUrl(right.url, { scope: 'openid offline_access' }));
    const done = await browser.submit(await browser.follow(start), '/sign-in', ADA);
    const { location } = await browser.follow(done, DEMO_WEB.redirect_uri);
    const { body } = await exchange(right.url, new URL(location ?? '').searchParams.get('code') ?? '');
    const refreshed = await fetch(`${wrong.url}/auth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: String(body.refresh_token),
        client_id: DEMO_WEB.client_id,
        client_secret: DEMO_WEB.client_secret,
      }),
    });
    expect(refreshed.status).toBe(200);
  });

  it.each([
    ['it', 'another', () => [wrong, right]],
    ['another', 'it', () => [right, wrong]],
  ])('takes what was pushed to %s where a person comes to %s', async (_here, _there, processes) => {
    const [here, there] = processes() as [ServerProcess, ServerProcess];
    const { searchParams } = new URL(authorizationUrl(right.url));
    const pushed = await postForm(`${here.url}/auth/par`, {
      ...Object.fromEntries(searchParams),
      client_secret: DEMO_WEB.client_secret,
    });
    expect(pushed.status).toBe(201);
    await deleteExpiredRows();
    const query = new URLSearchParams({
      client_id: DEMO_WEB.client_id,
      request_uri: String(pushed.body.request_uri),
    });
    const start = await openBrowser().get(`${there.url}/auth/authorize?${query}`);
    expect(start.location).toMatch(/\/interaction\/[\w-]{43}\?client_id=client_demo_web$/);
  });

  it('lets a device that another gave a code wait', async () => {
    const client = await aClient({ database }, { grant_types: [DEVICE_CODE_GRANT] });
    for (const [here, there] of [
      [wrong, right],
      [right, wrong],
    ] as const) {
      const { client_id, client_secret } = client;
      let begun: Answer | undefined;
      // Every process learns of a new client within a second or two.
      await until('the client is known', async () => {
        begun = await postForm(`${here.url}/auth/device_authorization`, {
          client_id,
          client_secret,
          scope: 'openid',
        });
        return begun.status === 200;
      });
      await deleteExpiredRows();
      const polled = await postForm(`${there.url}/auth/token`, {
        grant_type: DEVICE_CODE_GRANT,
        device_code: String(begun?.body.device_code),
        client_id,
        client_secret,
      });
      expect(polled.body.error).toBe('authorization_pending');
    }
  });

  it('says so: in its log, in a metric, and to whoever asks whether it is ready', async () => {
    const lines = wrong
      .output()
      .split('\n')
      .filter((line) => line.includes('"level":"warn"') && line.includes('clock'))
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      expect.objectContaining({
        offsetSeconds: shift,
        msg: `The clock of this process is ${HOUR} seconds ${direction} that of the database. People can sign in, but others may refuse its tokens as expired, or as not yet valid: set the clocks of both machines.`,
      }),
    ]);
    expect(right.output()).not.toContain('The clock of this process');
    const metrics = await (await fetch(`${internal}/metrics`)).text();
    const offset = Number(/^listo_clock_offset_seconds (\S+)$/m.exec(metrics)?.[1]);
    expect(Math.round(offset / 10) * 10).toBe(shift);
    expect((await getJson(`${internal}/readyz`)).body.clock).toEqual({ offsetSeconds: shift });
  });
});
