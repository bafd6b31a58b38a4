import { type Browser, openBrowser, type Page } from '../../support/browser.ts';
import { aPerson } from '../../support/factories.ts';
import { ADA, type Tokens, userinfo } from '../../support/relying-party.ts';
import { CODE_PAGE, confirm, type DeviceWorld, headingOf, INTERRUPTED, seen, USED } from './world.ts';

/** Who decides when several are about to. */
export function decisions(world: DeviceWorld): void {
  const { server, television, begin, poll } = world;

  describe('deciding about a device', () => {
    it('lets a person go back and begin again, and of two who finish one counts', async () => {
      const code = await begin();
      const [first, second] = [openBrowser(), openBrowser()];
      const [one, two] = [await confirm(first, code), await confirm(second, code)];
      const other = await aPerson(server());
      const finish = async (browser: Browser, page: Page, { email, password }: typeof ADA) =>
        seen(await browser.follow(await browser.submit(page, '/sign-in', { email, password })));
      expect(await finish(first, one, ADA)).toEqual([200, 'You are signed in', undefined]);
      expect(await finish(second, two, other)).toEqual(USED);
      expect((await userinfo(server().url, String((await poll(code)).body.access_token))).body.sub).toBe(
        ADA.id,
      );
    });

    it('gives one approval to one of many at once, and one grant', async () => {
      const code = await begin();
      const pages = await Promise.all(
        Array.from({ length: 5 }, async () => {
          const browser = openBrowser();
          const page = await confirm(browser, code);
          return browser
            .submit(page, '/sign-in', { email: ADA.email, password: ADA.password })
            .then((next) => ({
              browser,
              next,
            }));
        }),
      );
      const ends = await Promise.all(
        pages.map(async ({ browser, next }) => headingOf(await browser.follow(next))),
      );
      expect(ends.sort()).toEqual([...Array(4).fill(CODE_PAGE), 'You are signed in']);
      const grants = await server()
        .database.knex('artifacts')
        .where({ model: 'DeviceCode' })
        .whereNotNull('grant_id');
      expect(new Set(grants.map(({ grant_id }) => grant_id)).size).toBe(grants.length);
      expect((await poll(code)).status).toBe(200);
    });

    it('approves nothing for whoever was disabled, signed out, given another password, or took a consent back at that very moment', async () => {
      const { deviceCodes } = server().services;
      const { user_code } = await begin();
      const { handle = '' } = (await deviceCodes.findByUserCode(user_code.replace('-', ''))) ?? {};
      const gone = await aPerson(server(), { disabled_at: new Date() });
      const approveFor = (
        personId: string,
        session: { sessionIsNew: boolean; passwordFingerprint?: string; consented?: boolean },
      ) =>
        deviceCodes.approve(
          handle,
          { accountId: personId },
          {
            id: handle,
            personId,
            clientId: television().client_id,
            sessionUid: 'ended',
            payload: {},
            expiresAt: new Date(Date.now() + 60_000),
            consented: false,
            ...session,
          },
        );
      const alive = { sessionIsNew: true };
      expect(await approveFor(gone.id, alive)).toBe(false);
      expect(await approveFor(ADA.id, { sessionIsNew: false })).toBe(false);
      expect(await approveFor(ADA.id, { ...alive, passwordFingerprint: 'of another' })).toBe(false);
      expect(await approveFor(ADA.id, { ...alive, consented: true })).toBe(false);
      expect(await server().database.knex('grants').where({ id: handle })).toEqual([]);
      // The code is as it was, and the first decision is the last.
      expect([await approveFor(ADA.id, alive), await approveFor(ADA.id, alive)]).toEqual([true, false]);
      expect(await deviceCodes.deny(handle, { error: 'access_denied' })).toBe(false);
    });

    it('signs nobody out who signed in while another tab was opening the page', async () => {
      const [code, another] = [await begin(), await begin()];
      const browser = openBrowser();
      const page = await confirm(browser, code);
      const loaded = Promise.withResolvers<void>();
      const signedIn = Promise.withResolvers<void>();
      const { sessions } = server().services;
      const { update } = sessions;
      // The other tab has read its session, and saves it when this one has signed in.
      sessions.update = async (...given) => {
        sessions.update = update;
        loaded.resolve();
        await signedIn.promise;
        return update(...given);
      };
      const opening = browser.get(another.verification_uri_complete);
      await loaded.promise;
      const { email, password } = ADA;
      const done = await browser.follow(await browser.submit(page, '/sign-in', { email, password }));
      expect(seen(done)).toEqual([200, 'You are signed in', undefined]);
      signedIn.resolve();
      await opening;

      const { access_token, id_token } = (await poll(code)).body as unknown as Tokens;
      expect((await userinfo(server().url, access_token)).status).toBe(200);
      // So signing out still ends what they gave.
      await browser.get(`${server().url}/auth/logout?id_token_hint=${id_token}`);
      expect((await userinfo(server().url, access_token)).status).toBe(401);
    });

    it('says that a sign-in is over which was finished in another tab', async () => {
      const browser = openBrowser();
      const code = await begin();
      const page = await confirm(browser, code);
      const { email, password } = ADA;
      const back = await browser.submit(page, '/sign-in', { email, password });
      const resumed = await Promise.all([1, 2, 3].map(() => browser.get(back.location ?? '')));
      expect(resumed.map(seen).sort()).toEqual([
        [200, 'You are signed in', undefined],
        INTERRUPTED,
        INTERRUPTED,
      ]);
      expect((await poll(code)).status).toBe(200);
    });
  });
}
