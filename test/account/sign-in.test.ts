import { messageOf, openBrowser, type Page, redirectOf } from '../support/browsers/browser.ts';
import {
  ADA,
  authorizationUrl,
  DEMO_WEB,
  explainedAt,
  getJson,
  obtainCode,
  postForm,
  signIn,
} from '../support/clients/relying-party.ts';
import { aClient, anInstance, aPerson } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const titleOf = ({ html }: Page) => /<h1>([^<]*)/.exec(html)?.[1];
const personOn = ({ html }: Page) => /person__name"><bdi>([^<]*)</.exec(html)?.[1];

/** All rows that an authorization of an ordinary application could leave. */
async function traces(): Promise<Record<string, number>> {
  const { knex } = server.database;
  const count = async (table: string) => Number((await knex(table).count('* as n').first())?.n);
  return {
    grants: await count('grants'),
    codes: Number((await knex('artifacts').where({ model: 'AuthorizationCode' }).count('* as n').first())?.n),
    consents: await count('consents'),
    families: await count('refresh_families'),
    deliveries: await count('deliveries'),
  };
}

describe('the account of somebody who is not signed in', () => {
  it('is reached through the sign-in of its instance, which leaves a session and nothing else', async () => {
    const before = await traces();
    const browser = openBrowser();
    const first = await browser.get(`${server.url}/account/demo`);
    expect(first.status).toBe(303);
    expect(first.location).toMatch(/\/auth\/authorize\?client_id=listo-account\.demo&sealed_request=[^&]+$/);
    const form = await browser.follow(first);
    expect(titleOf(form)).toBe('Sign in to ');
    expect(form.html).toContain('<bdi>your account</bdi>');
    const { email, password } = ADA;
    const answer = await browser.submit(form, '/sign-in', { email, password });
    const page = await browser.follow(answer);
    expect({ url: page.url, title: titleOf(page), person: personOn(page) }).toEqual({
      url: `${server.url}/account/demo`,
      title: 'Your account',
      person: 'Ada Lovelace',
    });
    expect(await traces()).toEqual(before);
    const session = await server.database.knex('sessions').where({ person_id: ADA.id }).first('payload');
    expect(session.payload.authorizations).toEqual({});
  });

  it.each(['x;Domain=example.com', 'x.y', 'x%3BDomain=example.com'])(
    'is not reached by an address that no page of it has: %s',
    async (name) => {
      const { status, headers } = await openBrowser().get(
        `${server.url}/account/demo/passkeys/${name}/rename`,
      );
      expect({ status, cookies: headers.getSetCookie() }).toEqual({ status: 404, cookies: [] });
    },
  );

  it('is asked for nothing who is signed in at an application of the instance', async () => {
    const browser = openBrowser();
    await obtainCode(server.url, {}, browser);
    const page = await browser.get(`${server.url}/account/demo`);
    expect({ status: page.status, person: personOn(page) }).toEqual({ status: 200, person: 'Ada Lovelace' });
  });

  it('ends at a page that says so, after cancelling, and in a browser that did not begin', async () => {
    const browser = openBrowser();
    const form = await browser.follow(await browser.get(`${server.url}/account/demo`));
    const cancelled = await browser.follow(await browser.submit(form, '/abort'));
    expect({ status: cancelled.status, title: titleOf(cancelled), message: messageOf(cancelled) }).toEqual({
      status: 200,
      title: 'You are not signed in',
      message: 'Sign in to see your account.',
    });
    expect(cancelled.html).toContain('href="/account/demo"');

    const other = openBrowser();
    const page = await other.follow(await other.get(`${server.url}/account/demo/return?state=x&iss=y`));
    expect(titleOf(page)).toBe('You are not signed in');
  });

  it('is the answer to a form that is sent twice', async () => {
    const browser = openBrowser();
    const form = await browser.follow(await browser.get(`${server.url}/account/demo`));
    const { email, password } = ADA;
    await browser.follow(await browser.submit(form, '/sign-in', { email, password }));
    const again = await browser.submit(form, '/sign-in', { email, password });
    expect(redirectOf(again)).toEqual({ status: 303, location: `${server.url}/account/demo` });
    expect(personOn(await browser.follow(again))).toBe('Ada Lovelace');
  });

  it('comes back to the first page when the answer is not for this browser’s request', async () => {
    const browser = openBrowser();
    await obtainCode(server.url, {}, browser);
    const page = await browser.get(`${server.url}/account/demo/return?state=made-up`);
    expect(redirectOf(page)).toEqual({ status: 303, location: `${server.url}/account/demo` });
  });

  it('is not there for an instance that is not', async () => {
    const { status } = await openBrowser().get(`${server.url}/account/nowhere`);
    expect(status).toBe(404);
    expect((await openBrowser().get(`${server.url}/account/nowhere/return`)).status).toBe(404);
  });
});

describe('/account', () => {
  const entrance = async (browser = openBrowser()) => browser.get(`${server.url}/account`);

  it('explains where to go to a browser that it has never seen', async () => {
    const page = await entrance();
    expect({ status: page.status, title: titleOf(page), message: messageOf(page) }).toEqual({
      status: 200,
      title: 'Your account',
      message: 'Nobody has signed in with this browser, so we cannot tell where your account is.',
    });
  });

  it('leads on where the browser knows one place, and asks where it knows several', async () => {
    const instance_id = await anInstance(server, { name: 'Second place' });
    const { client_id, redirect_uri } = await aClient(server, { instance_id });
    const person = await aPerson(server, { instance_id });
    const browser = openBrowser();
    await obtainCode(server.url, {}, browser);
    expect(redirectOf(await entrance(browser))).toEqual({
      status: 303,
      location: `${server.url}/account/demo`,
    });
    await signIn(server.url, { browser, person, parameters: { client_id, redirect_uri } });
    const page = await entrance(browser);
    expect(titleOf(page)).toBe('Which account?');
    expect([...page.html.matchAll(/href="(\/account\/[^"]*)"/g)].map(([, href]) => href).sort()).toEqual(
      ['/account/demo', `/account/${instance_id}`].sort(),
    );
  });

  it('remembers the place of a browser in which somebody was signed in', async () => {
    const browser = openBrowser();
    await obtainCode(server.url, {}, browser);
    const page = await browser.get(`${server.url}/auth/logout`);
    await browser.submit(page, '/confirm', { decision: 'sign_out' });
    expect(redirectOf(await entrance(browser))).toEqual({
      status: 303,
      location: `${server.url}/account/demo`,
    });
  });
});

describe('the client of the account pages', () => {
  it('begins nothing that this server did not begin', async () => {
    const parameters = {
      client_id: 'listo-account.demo',
      redirect_uri: `${server.url}/account/demo/return`,
      scope: 'openid',
      state: 'kept',
    };
    for (const more of [{ response_type: 'none' }, { response_type: 'code' }, { prompt: 'consent' }]) {
      const page = await openBrowser().get(authorizationUrl(server.url, { ...parameters, ...more }));
      const to = new URL(page.location ?? '');
      expect({ path: to.pathname, ...Object.fromEntries(to.searchParams) }).toEqual({
        path: '/account/demo/return',
        error: 'invalid_request',
        error_description: 'This client must push its requests first (RFC 9126)',
        state: 'kept',
        iss: server.url,
        error_uri: explainedAt(server.url),
      });
    }
  });

  it.each([
    ['/auth/token', { grant_type: 'authorization_code', code: 'x' }],
    ['/auth/token', { grant_type: 'refresh_token', refresh_token: 'x' }],
    ['/auth/par', { response_type: 'none', redirect_uri: 'x', scope: 'openid' }],
    ['/auth/device_authorization', { scope: 'openid' }],
    ['/auth/introspect', { token: 'x' }],
    ['/auth/revoke', { token: 'x' }],
  ])('authenticates nowhere (%s)', async (path, fields: Record<string, string>) => {
    for (const client_secret of [{}, { client_secret: '' }, { client_secret: 'guessed' }]) {
      const { status, body } = await postForm(`${server.url}${path}`, {
        ...{ client_id: 'listo-account.demo', ...fields, ...client_secret },
      });
      expect({ status, error: body.error }).toEqual({ status: 401, error: 'invalid_client' });
    }
  });

  it('has a name that no registration can take', async () => {
    const values = { id: 'listo-account.mine', name: 'Mine', instance_id: 'demo', type: 'public' };
    const refused = server.database
      .knex('clients')
      .insert({ ...values, redirect_uris: ['https://a.example/'] });
    await expect(refused).rejects.toMatchObject({
      constraint: 'client_id_reserved',
      message: expect.stringContaining(
        'client "listo-account.mine" has an id that begins with listo-account., which this server keeps',
      ),
      hint: 'Choose another id.',
    });
  });
});

describe('other clients', () => {
  it('are answered as if there were no response type none', async () => {
    const page = await openBrowser().get(
      authorizationUrl(server.url, { response_type: 'none', state: 'kept' }),
    );
    expect(Object.fromEntries(new URL(page.location ?? '').searchParams)).toEqual({
      error: 'unsupported_response_type',
      error_description: 'unsupported response_type requested',
      state: 'kept',
      iss: server.url,
      error_uri: explainedAt(server.url),
    });
    expect(page.location?.startsWith(DEMO_WEB.redirect_uri)).toBe(true);
  });

  it('find only the response type code in discovery', async () => {
    for (const name of ['openid-configuration', 'oauth-authorization-server']) {
      const { body } = await getJson(`${server.url}/.well-known/${name}`);
      expect(body.response_types_supported).toEqual(['code']);
    }
  });
});
