import { type Browser, openBrowser } from '../../support/browser.ts';
import { type Tokens, userinfo } from '../../support/relying-party.ts';
import type { TestServer } from '../../support/test-server.ts';
import { askSilently, aTenant, obtainCode, redeem, refreshAs, signInTo, type Tenant } from './world.ts';

const ROUNDS = 8;
/** Applications at work in one browser at the moment it ends. */
const AT_ONCE = 2;
/** What they do: ask, redeem, refresh, and ask who it is. */
const STEPS = 4;

/** Ending wins against whatever is under way: the end comes a step later in each round. */
export function races(server: () => TestServer): void {
  describe('at the very same moment', () => {
    let tenant: Tenant;
    beforeAll(async () => {
      tenant = await aTenant(server());
    });

    it('signing out leaves nothing of an authorization that is under way', async () => {
      const browser = openBrowser();
      for (let round = 0; round < ROUNDS; round += 1) {
        const { tokens } = await signInTo(server(), browser, tenant.web, tenant);
        const cookies = openBrowser({ headers: { cookie: cookieOf(browser) } });
        const given = await raceOf(round, browser, () =>
          browser.get(`${server().url}/auth/logout?id_token_hint=${tokens.id_token}`),
        );
        expect(await alive([...given, tokens])).toEqual([]);
        expect((await askSilently(server().url, cookies, tenant.web)).get('error')).toBe('login_required');
        expect(await rowsOf(tenant.person.id)).toEqual({ sessions: 0, grants: 0 });
      }
    });

    it('disabling a person leaves nothing of a code that is being issued, nor of a sign-in', async () => {
      const person = () => server().database.knex('people').where({ id: tenant.person.id });
      for (let round = 0; round < ROUNDS; round += 1) {
        const [browser, other] = [openBrowser(), openBrowser()];
        const { tokens } = await signInTo(server(), browser, tenant.web, tenant);
        const signingIn = obtainCode(server().url, {
          browser: other,
          client: tenant.web,
          person: tenant.person,
        }).then(
          (code) => redeem(server().url, tenant.web, code),
          // The page says that the account is disabled, or that it is no longer valid.
          () => undefined,
        );
        const given = await raceOf(round, browser, () => person().update({ disabled_at: new Date() }));
        const signedIn = (await signingIn)?.body as Partial<Tokens> | undefined;
        await person().update({ disabled_at: null });
        expect(await alive([...given, tokens, ...(signedIn ? [signedIn] : [])])).toEqual([]);
        for (const each of [browser, other])
          expect((await askSilently(server().url, each, tenant.web)).get('error')).toBe('login_required');
        expect(await rowsOf(tenant.person.id)).toEqual({ sessions: 0, grants: 0 });
      }
    });

    /** Lets applications work, ends after as many steps as the round says, and answers what they were given. */
    async function raceOf(
      round: number,
      browser: Browser,
      end: () => Promise<unknown>,
    ): Promise<Partial<Tokens>[]> {
      let steps = 0;
      let ended: Promise<unknown> | undefined;
      const step = () => {
        steps += 1;
        if (steps > round % (AT_ONCE * STEPS)) ended ??= end();
      };
      const given = await Promise.all(Array.from({ length: AT_ONCE }, () => work(browser, step)));
      await ended;
      return given.flat();
    }

    async function work(browser: Browser, step: () => void): Promise<Partial<Tokens>[]> {
      const { url } = server();
      step();
      const code = await obtainCode(url, {
        browser,
        client: tenant.web,
        person: tenant.person,
        parameters: { prompt: 'none' },
      });
      step();
      const first = (await redeem(url, tenant.web, code)).body as Partial<Tokens>;
      step();
      const second = (await refreshAs(url, tenant.web, String(first.refresh_token))).body as Partial<Tokens>;
      step();
      await userinfo(url, String(second.access_token));
      return [first, second];
    }

    /** The tokens that are still good for anything. */
    async function alive(given: Partial<Tokens>[]): Promise<string[]> {
      const found: string[] = [];
      for (const { access_token, refresh_token } of given) {
        if (access_token && (await userinfo(server().url, access_token)).status === 200)
          found.push('access token');
        if (refresh_token && (await refreshAs(server().url, tenant.web, refresh_token)).status === 200)
          found.push('refresh token');
      }
      return found;
    }

    async function rowsOf(person_id: string): Promise<{ sessions: number; grants: number }> {
      const count = async (table: string) =>
        Number((await server().database.knex(table).where({ person_id }).count({ n: '*' }).first())?.n);
      return { sessions: await count('sessions'), grants: await count('grants') };
    }
  });
}

function cookieOf(browser: Browser): string {
  return browser
    .cookies()
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ');
}
