import { openBrowser, type Page } from '../support/browsers/browser.ts';
import { anApp, enterCode, recoveryCodesOn, secretOn } from '../support/second-factors/authenticator.ts';
import { withStillTime } from '../support/time/still-time.ts';
import { startUpstreamWorld, type UpstreamWorld } from '../support/upstream/upstream-world.ts';

let world: UpstreamWorld;
beforeAll(async () => {
  world = await startUpstreamWorld();
});
afterAll(() => world.close());
afterEach(() => {
  world.idp.alterIdToken = undefined;
});

const titleOf = ({ html }: Page) => /<h1>([^<]*)/.exec(html)?.[1];

describe('somebody who signs in at their own provider', () => {
  it('sees their account after signing in there, and has no password here', async () => {
    await world.aTenant('acme', { first_sign_in: 'create' });
    world.idp.person = { sub: 'employee-1' };
    const browser = openBrowser();
    const home = `${world.server.url}/account/acme`;
    const page = await browser.follow(await browser.get(home));
    expect({ url: page.url, title: titleOf(page) }).toEqual({ url: home, title: 'Your account' });
    expect(page.html).not.toContain('/account/acme/password');
    const { status } = await browser.follow(await browser.get(`${home}/password`));
    expect(status).toBe(404);
    const session = await world.server.database.knex('sessions').whereNotNull('person_id').first();
    const csrf = world.server.services.csrf.token(`account:${session.uid}:${session.person_id}`);
    const password = 'a quite different new passphrase';
    expect((await browser.post(`${home}/password`, { csrf, password, again: password })).status).toBe(404);
  });

  it.each<[string, boolean]>([
    ['never says when somebody signed in', false],
    ['says when somebody signed in', true],
  ])('sets up an app, and proves it later, where the provider %s', (_what, says) =>
    withStillTime(async (time) => {
      const id = says ? 'times' : 'timeless';
      await world.aTenant(id, { first_sign_in: 'create' });
      world.idp.person = { sub: `employee-of-${id}` };
      const auth_time = () => (says ? { auth_time: time.now() } : {});
      world.idp.alterIdToken = ({ auth_time: _when, ...claims }) => ({ ...claims, ...auth_time() });
      const browser = openBrowser();
      const home = `${world.server.url}/account/${id}`;
      const open = async (path: string) => browser.follow(await browser.get(`${home}${path}`));
      await open('');
      time.forward(3600);
      const page = await open('/authenticator-app');
      expect(titleOf(page)).toBe('Set up an authenticator app');
      const app = anApp(secretOn(page));
      const codes = await enterCode(browser, page, { code: app.code(), by: 'authenticator-app' });
      expect(recoveryCodesOn(codes)).toHaveLength(10);

      time.forward(3600);
      const asked = await open('/authenticator-app/remove');
      expect(titleOf(asked)).toBe('Enter the code from your app');
      const question = await enterCode(browser, asked, { code: app.code() });
      expect(titleOf(question)).toBe('Remove your authenticator app?');
    }),
  );

  it('sets up nothing where the provider says that they signed in there long ago', () =>
    withStillTime(async (time) => {
      await world.aTenant('silent', { first_sign_in: 'create' });
      world.idp.person = { sub: 'employee-of-long-ago' };
      const auth_time = time.now();
      world.idp.alterIdToken = (claims) => ({ ...claims, auth_time });
      const browser = openBrowser();
      const home = `${world.server.url}/account/silent`;
      await browser.follow(await browser.get(home));
      time.forward(3600);
      const { status, html } = await browser.follow(await browser.get(`${home}/authenticator-app`));
      expect({ status, confirms: html.includes('Confirm that it is you') }).toEqual({
        status: 403,
        confirms: true,
      });
    }));
});
