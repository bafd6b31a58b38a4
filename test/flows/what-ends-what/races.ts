import { type Browser, openBrowser } from '../../support/browser.ts';
import { type Tokens, userinfo } from '../../support/relying-party.ts';
import type { TestServer } from '../../support/test-server.ts';
import {
  askSilently,
  aTenant,
  cheapHash,
  obtainCode,
  redeem,
  refreshAs,
  signInTo,
  type Tenant,
} from './world.ts';

/** As many as the queries that are sent from the first request to the refresh, of a browser that is signed in or not. */
const ROUNDS = { signedIn: 12, signedOut: 20 };

/** Ending wins against whatever is under way: the end comes one query later in each round. */
export function races(server: () => TestServer): void {
  describe('at the very same moment', () => {
    let tenant: Tenant;
    beforeAll(async () => {
      tenant = await aTenant(server());
    });

    it('signing out leaves nothing of an authorization that is under way', async () => {
      const browser = openBrowser();
      for (let round = 1; round <= ROUNDS.signedIn; round += 1) {
        const before = await signInTo(server(), browser, tenant.web, tenant);
        const copy = openBrowser({ headers: { cookie: cookieOf(browser) } });
        const ended = atQuery(round, () =>
          browser.get(`${server().url}/auth/logout?id_token_hint=${before.tokens.id_token}`),
        );
        const given = await work(browser, { prompt: 'none' });
        await ended();
        await expectNothing([before.tokens, ...given], [browser, copy]);
      }
    });

    it('disabling a person leaves nothing of a sign-in that is under way', async () => {
      const setDisabled = (disabled_at: Date | null) => updatePerson({ disabled_at });
      for (let round = 1; round <= ROUNDS.signedOut; round += 1) {
        const browser = openBrowser();
        const ended = atQuery(round, () => setDisabled(new Date()));
        const given = await work(browser);
        await ended();
        await setDisabled(null);
        await expectNothing(given, [browser]);
      }
    });

    it('changing a password leaves nothing of a sign-in with the one before', async () => {
      for (let round = 1; round <= ROUNDS.signedOut; round += 1) {
        const browser = openBrowser();
        const password = `the password of round ${round}`;
        const ended = atQuery(round, () => updatePerson({ password_hash: cheapHash(password) }));
        const given = await work(browser);
        await ended();
        tenant.person.password = password;
        await expectNothing(given, [browser]);
      }
    });

    function updatePerson(columns: object): Promise<number> {
      return server().database.knex('people').where({ id: tenant.person.id }).update(columns).then(Number);
    }

    /** Does it as soon as the query of this number is sent, and then waits for its end. */
    function atQuery(number: number, end: () => Promise<unknown>): () => Promise<unknown> {
      const { knex } = server().database;
      let sent = 0;
      let ended: Promise<unknown> | undefined;
      const begin = () => {
        knex.removeListener('query', count);
        ended ??= Promise.resolve(end());
        return ended;
      };
      const count = () => {
        sent += 1;
        if (sent === number) begin();
      };
      knex.on('query', count);
      return begin;
    }

    /** Asks, redeems and refreshes, for as long as that succeeds; answers what was given. */
    async function work(
      browser: Browser,
      parameters: Record<string, string> = {},
    ): Promise<Partial<Tokens>[]> {
      const { url } = server();
      const { web: client, person } = tenant;
      // Somebody who is refused at sign-in ends at a page, without a code.
      const code = await obtainCode(url, { browser, client, person, parameters }).catch(() => undefined);
      if (!code) return [];
      const first = (await redeem(url, client, code)).body as Partial<Tokens>;
      const second = (await refreshAs(url, client, String(first.refresh_token))).body as Partial<Tokens>;
      return [first, second];
    }

    async function expectNothing(given: Partial<Tokens>[], browsers: Browser[]): Promise<void> {
      const { url } = server();
      for (const { access_token, refresh_token } of given) {
        if (access_token) expect((await userinfo(url, access_token)).status).toBe(401);
        if (refresh_token) expect((await refreshAs(url, tenant.web, refresh_token)).status).toBe(400);
      }
      for (const browser of browsers)
        expect((await askSilently(url, browser, tenant.web)).get('error')).toBe('login_required');
      for (const table of ['sessions', 'grants'])
        expect(await server().database.knex(table).where({ person_id: tenant.person.id })).toEqual([]);
    }
  });
}

function cookieOf(browser: Browser): string {
  return browser
    .cookies()
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ');
}
