import { openBrowser } from '../../support/browsers/browser.ts';
import { type PreparedRequest, releaseTogether } from '../../support/clients/released-together.ts';
import { authorizationUrl } from '../../support/clients/relying-party.ts';
import { aRunner, cookieHeader, fifty, RACE_MS, startTwoServers, type TwoServers } from './two-servers.ts';

describe('two servers on one database', () => {
  let servers: TwoServers;
  beforeAll(async () => {
    servers = await startTwoServers({
      FAILURES_PER_MINUTE: '20',
      TRUSTED_PROXIES: '127.0.0.1,::1,::ffff:127.0.0.1',
    });
  });
  afterAll(() => servers.close());

  const form = async (n: number, from: string, email: string, password: string): Promise<PreparedRequest> => {
    const browser = openBrowser({ headers: { 'x-forwarded-for': from } });
    const page = await browser.follow(await browser.get(authorizationUrl(servers.issuer)));
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? '';
    const { pathname } = new URL(page.url);
    return {
      url: `${servers.at(n)}${pathname}/sign-in`,
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-forwarded-for': from,
        ...cookieHeader(browser, pathname),
      },
      body: String(new URLSearchParams({ csrf, email, password })),
    };
  };
  /** One after the other, so that the servers are not busy with pages. */
  const forms = async (asked: readonly Parameters<typeof form>[]) => {
    const made: PreparedRequest[] = [];
    for (const one of asked) made.push(await form(...one));
    return made;
  };
  const statuses = async (requests: PreparedRequest[]) => {
    const all = (await releaseTogether(requests)).map(({ status }) => status);
    return Object.fromEntries([...new Set(all)].map((one) => [one, all.filter((s) => s === one).length]));
  };

  it(
    'evaluate twenty guesses at an account in all, of fifty that are sent together from fifty addresses',
    async () => {
      for (let round = 0; round < 3; round += 1) {
        const { email } = await aRunner(servers);
        const asked = Array.from(
          { length: 50 },
          (_, n): Parameters<typeof form> => [n, `192.0.${round}.${n + 1}`, email, 'a guess'],
        );
        expect(await statuses(await forms(asked))).toEqual({ 401: 20, 429: 30 });
      }
    },
    RACE_MS,
  );

  it(
    'sign in fifty people of one office at once',
    async () => {
      const people = await Promise.all(Array.from({ length: 50 }, () => aRunner(servers)));
      const asked = people.map(
        ({ email, password }, n): Parameters<typeof form> => [n, '203.0.113.9', email, password],
      );
      expect(await statuses(await forms(asked))).toEqual({ 303: 50 });
    },
    RACE_MS,
  );

  it(
    'look up ten device codes in all, when 240 of 250 have failed and fifty addresses type one at once',
    async () => {
      // These failures do not end during the test, however slow it is.
      await servers.database.knex.raw(
        `INSERT INTO guesses (bucket, most, failed, expires_at)
         SELECT 'devices, without a session', 250,
           jsonb_object_agg('guess ' || n, extract(epoch FROM now()) + 3600), now() + interval '1 hour'
         FROM generate_series(1, 240) AS n`,
      );
      const letters = [...'BCDFGHJKLM'];
      const requests = fifty((n) => ({
        url: `${servers.at(n)}/auth/device?user_code=BBBBBB${letters[Math.floor(n / 10)]}${letters[n % 10]}`,
        headers: { 'x-forwarded-for': `198.18.0.${n + 1}` },
      }));
      expect(await statuses(requests)).toEqual({ 400: 10, 429: 40 });
    },
    RACE_MS,
  );
});
