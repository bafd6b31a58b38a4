import { hashPassword } from '../../../src/platform/digest.ts';
import { type Browser, openBrowser, type Page } from '../../support/browser.ts';
import { authorizationUrl, pkce } from '../../support/relying-party.ts';
import type { TestServer } from '../../support/test-server.ts';
import { lineOf } from './document.ts';
import { aTenant, type Tenant } from './world.ts';

const CLIENT = 'http://127.0.0.1:9999/callback';

/** Somebody has typed the password, and the redirect back is not followed yet, or leads to the consent page. */
export function halfWay(server: () => TestServer): void {
  describe('whoever is half-way through signing in', () => {
    describe.each(['a person is disabled', 'a person is deleted', 'a password is changed'])(
      'begins again when %s',
      (what) => {
        it('just after the password', async () => {
          const { browser, page, tenant } = await afterPassword();
          await happens(what, tenant);
          await happens('a person is enabled again', tenant);
          await expectOver(await browser.follow(page), tenant);
        });

        it('at the consent page', async () => {
          const { browser, page, tenant } = await afterPassword();
          const consent = await browser.follow(page);
          await happens(what, tenant);
          await happens('a person is enabled again', tenant);
          await expectOver(await allow(browser, consent), tenant);
        });
      },
    );

    it('begins again when sessions are ended, at the consent page', async () => {
      const { browser, page, tenant } = await afterPassword();
      const consent = await browser.follow(page);
      await happens('sessions are ended', tenant);
      await expectOver(await allow(browser, consent), tenant);
    });

    it('goes on when grants are ended: there is none yet', async () => {
      const { browser, page, tenant } = await afterPassword();
      const consent = await browser.follow(page);
      await happens('grants are ended', tenant);
      expect((await allow(browser, consent)).location).toContain('code=');
    });

    async function afterPassword(): Promise<{ browser: Browser; page: Page; tenant: Tenant }> {
      const browser = openBrowser();
      const tenant = await aTenant(server());
      const { client_id, redirect_uri } = tenant.spa;
      const { email, password } = tenant.person;
      const { code_verifier: _, ...challenge } = pkce();
      const url = authorizationUrl(server().url, { client_id, redirect_uri, ...challenge });
      const signIn = await browser.follow(await browser.get(url));
      const page = await browser.submit(signIn, '/sign-in', { email, password });
      return { browser, page, tenant };
    }

    function allow(browser: Browser, consent: Page): Promise<Page> {
      return browser
        .submit(consent, '/consent', { decision: 'allow' })
        .then((page) => browser.follow(page, CLIENT));
    }

    async function expectOver({ status, html, location }: Page, { person }: Tenant): Promise<void> {
      const title = /<h1>([^<]*)<\/h1>/.exec(html)?.[1];
      expect({ status, title, location }).toEqual({
        status: 400,
        title: 'This request cannot be used',
        location: undefined,
      });
      for (const table of ['sessions', 'grants', 'consents'])
        expect(await server().database.knex(table).where({ person_id: person.id })).toEqual([]);
    }

    async function happens(what: string, { person }: Tenant): Promise<void> {
      const values = what.startsWith('a password') ? [await hashPassword('another good password')] : [];
      await server().database.knex.raw(lineOf(what).sql.replaceAll("'…'", '?'), [...values, person.id]);
    }
  });
}
