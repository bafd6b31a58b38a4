import { openBrowser, statusAndMessage } from '../support/browsers/browser.ts';
import { aClientKey, clientAssertion } from '../support/clients/proofs.ts';
import {
  authorizationUrl,
  brief,
  DEMO_WEB,
  obtainTokens,
  passThrough,
  postForm,
} from '../support/clients/relying-party.ts';
import { aClient, aPerson } from '../support/registrations/factories.ts';
import { withApp } from '../support/second-factors/authenticator.ts';
import { withStillTime } from '../support/time/still-time.ts';
import {
  answerOf,
  CODE,
  somebody,
  startUpstreamWorld,
  UNUSABLE,
  type UpstreamWorld,
} from '../support/upstream/upstream-world.ts';

const DAY = 24 * 60 * 60;

/** The server dates and judges everything by the clock that it was given, not by the machine's. */
describe('a server with a clock that is ahead of the machine’s', () => {
  let world: UpstreamWorld;
  let aheadSeconds = 0;
  beforeAll(async () => {
    const clock = { now: () => new Date(Date.now() + aheadSeconds * 1000) };
    world = await startUpstreamWorld({ overrides: { clock } });
  });
  beforeEach(() => {
    aheadSeconds = 0;
  });
  afterAll(() => world.close());

  const newest = async (table: string, where: object = {}) => {
    const row = await world.server.database.knex(table).where(where).orderBy('expires_at', 'desc').first();
    return { row, expires: row.expires_at.getTime() / 1000 };
  };

  it('dates a grant, its code, its refresh tokens and its session', () =>
    withStillTime(async (time) => {
      aheadSeconds = 300;
      await obtainTokens(world.server.url);
      const now = time.now() + aheadSeconds;
      const grant = await newest('grants');
      expect(grant.row.payload).toMatchObject({ iat: now, exp: now + 365 * DAY });
      expect({
        grant: grant.expires,
        code: (await newest('artifacts', { model: 'AuthorizationCode' })).expires,
        refreshTokens: (await newest('refresh_families')).expires,
        session: (await newest('sessions')).expires,
      }).toEqual({
        grant: now + 365 * DAY,
        code: now + 600,
        refreshTokens: now + 30 * DAY,
        session: now + 14 * DAY,
      });
    }));

  it('counts the age of a cookie', () =>
    withStillTime(async () => {
      aheadSeconds = 1800;
      const page = await openBrowser().get(authorizationUrl(world.server.url));
      const ages = page.headers.getSetCookie().map((cookie) => /max-age=(\d+)/.exec(cookie)?.[1]);
      expect(new Set(ages)).toEqual(new Set(['1800']));
    }));

  it('dates the code of a device, and says on its page that it has expired', () =>
    withStillTime(async (time) => {
      aheadSeconds = 1800;
      const grant_types = ['urn:ietf:params:oauth:grant-type:device_code'];
      const { client_id } = await aClient(world.server, { type: 'public', redirect_uris: [], grant_types });
      const request = { client_id, scope: 'openid' };
      const { body } = await postForm(`${world.server.url}/auth/device_authorization`, request);
      const row = await newest('artifacts', { model: 'DeviceCode' });
      expect(row.expires).toBe(time.now() + aheadSeconds + 1200);

      const open = async () => (await openBrowser().get(String(body.verification_uri_complete))).html;
      aheadSeconds = 599;
      expect(await open()).not.toContain('That code has expired.');
      aheadSeconds = 600;
      expect(await open()).toContain('That code has expired. Your device can show you a new one.');
    }));

  it('judges how long a client assertion may live', () =>
    withStillTime(async (time) => {
      const key = await aClientKey();
      const { client_id } = await aClient(world.server, { jwks: { keys: [key.publicJwk] } });
      const introspect = async (exp: number) => {
        const names = { clientId: client_id, audience: world.server.url };
        const assertion = await clientAssertion(key, names, { exp, iat: time.now() + aheadSeconds });
        return brief(
          await postForm(`${world.server.url}/auth/introspect`, { token: 'unknown', ...assertion }),
        );
      };
      const accepted = { status: 200, body: { active: false } };
      const refused = {
        status: 401,
        body: {
          error: 'invalid_client',
          error_description: 'client authentication failed: a client assertion may live for 3600 seconds',
        },
      };
      aheadSeconds = 300;
      expect(await introspect(time.now() + 3960)).toEqual(accepted);
      expect(await introspect(time.now() + 3961)).toEqual(refused);
      aheadSeconds = -300;
      expect(await introspect(time.now() + 3360)).toEqual(accepted);
      expect(await introspect(time.now() + 3361)).toEqual(refused);
    }));

  it('dates a sign-in that is under way at an upstream provider, and judges whether it came too late', () =>
    withStillTime(async (time) => {
      const client = await world.aTenant('ahead', { first_sign_in: 'create' });
      for (const [after, expected] of [
        [599, CODE],
        [600, UNUSABLE],
      ] as const) {
        const browser = openBrowser();
        aheadSeconds = 900;
        const callback = await world.callbackOf(client, somebody(), browser);
        expect((await newest('upstream_sign_ins')).expires).toBe(time.now() + aheadSeconds + 600);
        aheadSeconds += after;
        const page = await browser.follow(await browser.get(callback.href), client.redirect_uri);
        expect(page.location ? answerOf(page) : statusAndMessage(page)).toEqual(expected);
      }
    }));

  it('dates a sign-in between two steps, and what was proven in it, and judges whether it takes too long', () =>
    withStillTime(async (time) => {
      for (const after of [599, 600]) {
        aheadSeconds = 900;
        const person = await aPerson(world.server);
        const { recoveryCodes } = await withApp(world.server, person.id);
        const browser = openBrowser();
        const form = await browser.follow(
          await browser.get(authorizationUrl(world.server.url)),
          DEMO_WEB.redirect_uri,
        );
        const page = await passThrough(form, { browser, person });
        const [row] = await world.server.database.knex('pending_sign_ins').where({ person_id: person.id });
        expect(Math.floor(row.expires_at.getTime() / 1000)).toBe(time.now() + aheadSeconds + 600);
        expect(row.proven.methods).toEqual([{ method: 'pwd', at: time.now() + aheadSeconds }]);
        aheadSeconds += after;
        const next = await browser.follow(await browser.get(`${page.url}&by=recovery`));
        if (after === 600) {
          expect(next.html).toContain('name="password"');
          continue;
        }
        const [code = ''] = recoveryCodes;
        const answered = await browser.submit(next, '/recovery-code', { code });
        expect((await browser.follow(answered, DEMO_WEB.redirect_uri)).location).toMatch(/[?&]code=/);
      }
    }));

  it('judges whether the person signed in upstream as recently as the application asks', () =>
    withStillTime(async () => {
      const client = await world.aTenant('recent', { first_sign_in: 'create' });
      aheadSeconds = 1000;
      const answerTo = async (max_age: string) =>
        answerOf(await world.signIn(client, somebody(), { parameters: { max_age } }));
      expect(await answerTo('2000')).toEqual(CODE);
      expect(await answerTo('500')).toMatchObject({ error: 'login_required' });
    }));
});
