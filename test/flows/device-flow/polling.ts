import { openBrowser } from '../../support/browser.ts';
import { aPerson } from '../../support/factories.ts';
import { type Tokens, userinfo } from '../../support/relying-party.ts';
import { CANCELLED, confirm, type DeviceWorld, PENDING, seen, told } from './world.ts';

/** What a device is told that asks for its tokens. */
export function polling(world: DeviceWorld): void {
  const { server, aDevice, rowOf, begin, poll, approve, expire } = world;

  it('a device whose tokens could not be saved asks again, and gets them', async () => {
    const code = await begin();
    await approve(code);
    const { knex } = server().database;
    await knex.raw(`
      CREATE FUNCTION refuse_row() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = 'disk_full'; END $$;
      CREATE TRIGGER refuse_row BEFORE INSERT ON refresh_families FOR EACH ROW EXECUTE FUNCTION refuse_row()`);
    expect((await poll(code)).status).toBe(503);
    await knex.raw('DROP FUNCTION refuse_row CASCADE');
    const { status, body } = await poll(code);
    expect(status).toBe(200);
    expect((await userinfo(server().url, (body as unknown as Tokens).access_token)).status).toBe(200);
  });

  describe('a device that polls is refused', () => {
    it('what it asks too soon, until it has waited', async () => {
      const code = await begin();
      expect(await told(poll(code))).toEqual(PENDING);
      const slowDown = [
        400,
        'slow_down',
        'you are polling too quickly and should back off at a reasonable rate',
      ];
      expect(await told(poll(code))).toEqual(slowDown);
      await server().database.knex.raw(
        "UPDATE artifacts SET polled_at = polled_at - interval '5 seconds' WHERE polled_at IS NOT NULL",
      );
      expect(await told(poll(code))).toEqual(PENDING);
      // What the person decided is told at once.
      await approve(code);
      expect((await poll(code)).status).toBe(200);
    });

    it('a code that nobody was given, or another client', async () => {
      const code = await begin();
      await approve(code);
      const notValid = [400, 'invalid_grant', 'Device code is not valid'];
      expect(await told(poll({ device_code: 'unknown' }))).toEqual(notValid);
      expect(await told(poll({ device_code: code.user_code }))).toEqual(notValid);
      expect(await told(poll(code, await aDevice()))).toEqual(notValid);
      expect((await poll(code)).status).toBe(200);
    });

    it('a code that expired', async () => {
      const code = await begin();
      await expire(code);
      // Housekeeping leaves it for ten minutes more, so that it can be told.
      const { expires_at } = await rowOf(code).first();
      expect(Math.round((expires_at.getTime() - Date.now()) / 60_000)).toBe(20);
      expect(await told(poll(code))).toEqual([400, 'expired_token', 'Device code expired']);
    });

    it('the tokens a second time, and what the first time gave is ended', async () => {
      const code = await begin();
      await approve(code);
      const { access_token } = (await poll(code)).body as unknown as Tokens;
      expect(await told(poll(code))).toEqual([400, 'invalid_grant', 'Device code already used']);
      expect((await userinfo(server().url, access_token)).status).toBe(401);
    });

    it('the tokens in all but one of ten requests at once', async () => {
      const code = await begin();
      await approve(code);
      const answers = await Promise.all(Array.from({ length: 10 }, () => poll(code)));
      const outcomes = answers.map(({ status, body }) => `${status} ${body.error ?? 'tokens'}`);
      expect(outcomes.sort()).toEqual(['200 tokens', ...Array(9).fill('400 invalid_grant')]);
    });

    it('when the person said no', async () => {
      const code = await begin();
      const browser = openBrowser();
      const page = await browser.get(code.verification_uri_complete);
      expect(seen(await browser.submit(page, '/auth/device', { abort: 'yes' }))).toEqual(CANCELLED);
      expect(await told(poll(code))).toEqual([400, 'access_denied', 'End-User aborted interaction']);
    });

    it('when the person cancelled signing in', async () => {
      const code = await begin();
      const browser = openBrowser();
      const page = await confirm(browser, code);
      expect(page.html).toContain('type="submit">Cancel</button>');
      expect(seen(await browser.follow(await browser.submit(page, '/abort')))).toEqual(CANCELLED);
      expect((await told(poll(code))).slice(0, 2)).toEqual([400, 'access_denied']);
    });

    it('when the person signed out, or was disabled, before it asked', async () => {
      const person = await aPerson(server());
      const browser = openBrowser();
      const first = await begin();
      const second = await begin();
      await approve(first, { browser, person });
      await approve(second, { browser, person });
      const { id_token } = (await poll(first)).body as unknown as Tokens;
      await browser.get(`${server().url}/auth/logout?id_token_hint=${id_token}`);
      expect(await told(poll(second))).toEqual([400, 'invalid_grant', 'Device code is not valid']);

      const third = await begin();
      await approve(third, { person });
      await server().database.knex('people').where({ id: person.id }).update({ disabled_at: new Date() });
      expect(await told(poll(third))).toEqual([400, 'invalid_grant', 'Device code is not valid']);
    });
  });
}
