import { openBrowser, type Page } from '../support/browsers/browser.ts';
import { startUpstreamWorld, type UpstreamWorld } from '../support/upstream/upstream-world.ts';

let world: UpstreamWorld;
beforeAll(async () => {
  world = await startUpstreamWorld();
});
afterAll(() => world.close());

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
});
