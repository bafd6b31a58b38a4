import { hashPassword } from '../../../src/platform/secrets/digest.ts';
import { type Browser, openBrowser, type Page } from '../../support/browsers/browser.ts';
import { authorizationUrl, pkce, type Tokens, userinfo } from '../../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { lineOf } from './document.ts';
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

const CLIENT = 'http://127.0.0.1:9999/callback';

/** The number of queries from the first request to the refresh, for a browser that is signed in or not. */
const ROUNDS = { signedIn: 12, signedOut: 20 };

/** The rule beside the table of docs/tokens.md: an end may come at any moment of a sign-in. */
describe('what ends what, half-way', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  /**
   * The person has typed the password. The browser has not followed the redirect yet, or it leads to the consent
   * page.
   */
  describe('whoever is half-way through signing in', () => {
    describe.each(['a person is disabled', 'a person is deleted', 'a password is changed'])(
      'begins again when %s',
      (what) => {
        it('just after the password', async () => {
          const { browser, page, tenant } = await afterPassword();
          await happens(what, tenant);
          await happens('a person is enabled again', tenant);
          await expectEnded(await browser.follow(page), tenant, OVER);
        });

        it('at the consent page', async () => {
          const { browser, page, tenant } = await afterPassword();
          const consent = await browser.follow(page);
          await happens(what, tenant);
          await happens('a person is enabled again', tenant);
          await expectEnded(await allow(browser, consent), tenant, askedAgain(tenant));
        });
      },
    );

    it('begins again when sessions are ended, at the consent page', async () => {
      const { browser, page, tenant } = await afterPassword();
      const consent = await browser.follow(page);
      await happens('sessions are ended', tenant);
      await expectEnded(await allow(browser, consent), tenant, askedAgain(tenant));
    });

    it('goes on when grants are ended: there is none yet', async () => {
      const { browser, page, tenant } = await afterPassword();
      const consent = await browser.follow(page);
      await happens('grants are ended', tenant);
      expect((await allow(browser, consent)).location).toContain('code=');
    });

    const OVER = { status: 400, title: 'This page is no longer valid' };
    const askedAgain = ({ spa }: Tenant) => ({ status: 200, title: `Sign in to The ${spa.client_id}` });

    async function afterPassword(): Promise<{ browser: Browser; page: Page; tenant: Tenant }> {
      const browser = openBrowser();
      const tenant = await aTenant(server);
      const { client_id, redirect_uri } = tenant.spa;
      const { email, password } = tenant.person;
      const { code_verifier: _, ...challenge } = pkce();
      const url = authorizationUrl(server.url, { client_id, redirect_uri, ...challenge });
      const signIn = await browser.follow(await browser.get(url));
      const page = await browser.submit(signIn, '/sign-in', { email, password });
      return { browser, page, tenant };
    }

    function allow(browser: Browser, consent: Page): Promise<Page> {
      return browser
        .submit(consent, '/consent', { decision: 'allow' })
        .then((page) => browser.follow(page, CLIENT));
    }

    async function expectEnded(
      { status, html, location }: Page,
      { person }: Tenant,
      expected: { status: number; title: string },
    ): Promise<void> {
      const title = /<h1>(.*?)<\/h1>/.exec(html)?.[1]?.replaceAll(/<\/?bdi>/g, '');
      expect({ status, title, location }).toEqual({ ...expected, location: undefined });
      for (const table of ['sessions', 'grants', 'consents'])
        expect(await server.database.knex(table).where({ person_id: person.id })).toEqual([]);
    }

    async function happens(what: string, { person }: Tenant): Promise<void> {
      const values = what.startsWith('a password') ? [await hashPassword('another good password')] : [];
      await server.database.knex.raw(lineOf(what).sql.replaceAll("'…'", '?'), [...values, person.id]);
    }
  });

  /** An end wins against every request under way. In each round, it comes one query later. */
  describe('at the very same moment', () => {
    let tenant: Tenant;
    beforeAll(async () => {
      tenant = await aTenant(server);
    });

    it('signing out leaves nothing of an authorization that is under way', async () => {
      const browser = openBrowser();
      for (let round = 1; round <= ROUNDS.signedIn; round += 1) {
        const before = await signInTo(server, browser, tenant.web, tenant);
        const copy = openBrowser({ headers: { cookie: cookieOf(browser) } });
        const ended = atQuery(round, () =>
          browser.get(`${server.url}/auth/logout?id_token_hint=${before.tokens.id_token}`),
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
      return server.database.knex('people').where({ id: tenant.person.id }).update(columns).then(Number);
    }

    /** Runs `end` as soon as the query with this number is sent, and then waits for it. */
    function atQuery(number: number, end: () => Promise<unknown>): () => Promise<unknown> {
      const { knex } = server.database;
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

    /** Authorizes, redeems and refreshes as long as that succeeds, and returns the tokens it got. */
    async function work(
      browser: Browser,
      parameters: Record<string, string> = {},
    ): Promise<Partial<Tokens>[]> {
      const { url } = server;
      const { web: client, person } = tenant;
      // A refused sign-in ends at a page, without a code.
      const code = await obtainCode(url, { browser, client, person, parameters }).catch(() => undefined);
      if (!code) return [];
      const first = (await redeem(url, client, code)).body as Partial<Tokens>;
      const second = (await refreshAs(url, client, String(first.refresh_token))).body as Partial<Tokens>;
      return [first, second];
    }

    async function expectNothing(given: Partial<Tokens>[], browsers: Browser[]): Promise<void> {
      const { url } = server;
      for (const { access_token, refresh_token } of given) {
        if (access_token) expect((await userinfo(url, access_token)).status).toBe(401);
        if (refresh_token) expect((await refreshAs(url, tenant.web, refresh_token)).status).toBe(400);
      }
      for (const browser of browsers)
        expect((await askSilently(url, browser, tenant.web)).get('error')).toBe('login_required');
      for (const table of ['sessions', 'grants'])
        expect(await server.database.knex(table).where({ person_id: tenant.person.id })).toEqual([]);
    }
  });
});

function cookieOf(browser: Browser): string {
  return browser
    .cookies()
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ');
}
