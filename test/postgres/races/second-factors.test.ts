import { type Browser, openBrowser, type Page } from '../../support/browsers/browser.ts';
import { releaseTogether } from '../../support/clients/released-together.ts';
import { authorizationUrl, passThrough } from '../../support/clients/relying-party.ts';
import { withApp } from '../../support/second-factors/authenticator.ts';
import {
  aRunner,
  cookieHeader,
  fifty,
  RACE_MS,
  type Runner,
  startTwoServers,
  type TwoServers,
  tally,
} from './two-servers.ts';

/** Each has fifty sign-ins. */
const ROUNDS = 2;
const WON = '/auth/authorize/:uid';

/** One person signs in fifty times at once, each time as far as the second factor, and then gives one code everywhere. */
describe('fifty sign-ins of one person, at two processes', () => {
  let servers: TwoServers;
  beforeAll(async () => {
    servers = await startTwoServers({
      FAILURES_PER_MINUTE: '0',
      REQUESTS_PER_MINUTE: '0',
      KEY_ENCRYPTION_KEY: Buffer.alloc(32, 7).toString('base64'),
    });
  });
  afterAll(() => servers.close());

  async function enterPasswords(person: Runner): Promise<{ browser: Browser; page: Page }[]> {
    const begun: { browser: Browser; page: Page }[] = [];
    for (let n = 0; n < 50; n += 1) {
      const browser = openBrowser();
      const form = await browser.follow(await browser.get(authorizationUrl(servers.issuer)));
      begun.push({ browser, page: await passThrough(form, { browser, person }) });
    }
    return begun;
  }

  async function race(person: Runner, codeNow: () => string, form: string): Promise<Record<string, number>> {
    const begun = await enterPasswords(person);
    const code = codeNow();
    const replies = await releaseTogether(
      fifty((n) => {
        const { browser, page } = begun[n] as { browser: Browser; page: Page };
        const [, csrf = ''] = /name="csrf" value="([^"]*)"/.exec(page.html) ?? [];
        const path = new URL(page.url).pathname.replace('second-factor', form);
        return {
          url: `${servers.at(n)}${path}`,
          method: 'POST',
          headers: {
            'content-type': 'application/x-www-form-urlencoded',
            origin: servers.issuer,
            ...cookieHeader(browser, path),
          },
          body: new URLSearchParams({ csrf, code }).toString(),
        };
      }),
    );
    return tally(replies);
  }

  it(
    'use a time step of an authenticator app once',
    async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const person = await aRunner(servers);
        const { app } = await withApp(servers, person.id);
        // The code of the next step is right for a minute.
        const counts = await race(person, () => app.code(30), 'second-factor');
        expect(counts).toEqual({ [WON]: 1, '401': 49 });
      }
    },
    RACE_MS,
  );

  it(
    'use a recovery code once',
    async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const person = await aRunner(servers);
        const [code = ''] = (await withApp(servers, person.id)).recoveryCodes;
        expect(await race(person, () => code, 'recovery-code')).toEqual({ [WON]: 1, '401': 49 });
        expect(await servers.database.knex('recovery_codes').where({ person_id: person.id })).toHaveLength(9);
      }
    },
    RACE_MS,
  );
});
