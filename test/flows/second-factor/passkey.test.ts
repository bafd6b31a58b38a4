import { decodeJwt } from 'jose';
import { type Browser, errorOf, openBrowser, type Page } from '../../support/browsers/browser.ts';
import { authorizationUrl, DEMO_WEB, exchange, passThrough } from '../../support/clients/relying-party.ts';
import { aPasskey, optionsOf } from '../../support/passkeys/passkey-pages.ts';
import {
  type Bent,
  type SoftwareAuthenticator,
  softwareAuthenticator,
} from '../../support/passkeys/software-authenticator.ts';
import { aClient, aPerson, type TestClient, type TestPerson } from '../../support/registrations/factories.ts';
import { enterCode, recoveryCodesOn } from '../../support/second-factors/authenticator.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

const stopAt = DEMO_WEB.redirect_uri;
const NOT_HERE = 'That passkey does not work here. Use another one, or sign in another way.';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const headingOf = ({ html }: Page) => /<h1>(.*?)<\/h1>/.exec(html)?.[1];

async function enterPassword(person: TestPerson, client: Partial<TestClient> = {}) {
  const browser = openBrowser();
  const { client_id = DEMO_WEB.client_id, redirect_uri = stopAt } = client;
  const url = authorizationUrl(server.url, { client_id, redirect_uri });
  const first = await browser.follow(await browser.get(url), stopAt);
  return { browser, page: await passThrough(first, { browser, person, stopAt }) };
}

function use(browser: Browser, page: Page, device: SoftwareAuthenticator, bent: Bent = {}) {
  const answer = JSON.stringify(device.get(optionsOf(page), bent));
  return send(browser, page, answer);
}

async function send(browser: Browser, page: Page, answer: string) {
  return browser.follow(await browser.submit(page, '/second-factor/passkey', { answer }), stopAt);
}

async function claimsOf(page: Page, credentials: Partial<TestClient> = {}) {
  const code = new URL(page.location ?? 'x:').searchParams.get('code') ?? '';
  const { client_id, client_secret, redirect_uri } = { ...DEMO_WEB, ...credentials };
  const { body } = await exchange(server.url, code, { client_id, client_secret, redirect_uri });
  const { sub, amr, acr } = decodeJwt(String(body.id_token));
  return { sub, amr, acr };
}

describe('somebody with a passkey who enters the password', () => {
  it('is asked for the passkey, and both are in the ID token', async () => {
    const person = await aPerson(server);
    const device = await aPasskey(server, person);
    const { browser, page } = await enterPassword(person);
    expect(headingOf(page)).toBe('Confirm with your passkey');
    expect(optionsOf(page).allowCredentials).toEqual([
      { id: device.id, type: 'public-key', transports: ['internal'] },
    ]);
    expect(await claimsOf(await use(browser, page, device))).toEqual({
      sub: person.id,
      amr: ['pwd', 'pop', 'user', 'mfa'],
      acr: 'urn:listo:acr:two-factors',
    });
  });

  it('may use either of two', async () => {
    const person = await aPerson(server);
    const devices = [await aPasskey(server, person), await aPasskey(server, person)];
    for (const device of devices) {
      const { browser, page } = await enterPassword(person);
      expect((await use(browser, page, device)).location).toMatch(/[?&]code=/);
    }
  });

  it.each<[string, Bent]>([
    ['a wrong signature', { spoilt: true }],
    ['another origin', { origin: 'https://evil.example' }],
  ])('is asked again after %s', async (_, bent) => {
    const person = await aPerson(server);
    const device = await aPasskey(server, person);
    const { browser, page } = await enterPassword(person);
    const again = await use(browser, page, device, bent);
    expect({ status: again.status, error: errorOf(again) }).toEqual({ status: 401, error: NOT_HERE });
    expect((await use(browser, again, device)).location).toMatch(/[?&]code=/);
  });

  it('is not helped by a passkey of somebody else', async () => {
    const [person, other] = [await aPerson(server), await aPerson(server)];
    await aPasskey(server, person);
    const others = await aPasskey(server, other);
    const { browser, page } = await enterPassword(person);
    const again = await use(browser, page, others);
    expect({ status: again.status, error: errorOf(again) }).toEqual({ status: 401, error: NOT_HERE });
  });

  it('cannot bring the answer to another sign-in of theirs, or that of the sign-in page', async () => {
    const person = await aPerson(server);
    const device = await aPasskey(server, person);
    const [one, other] = [await enterPassword(person), await enterPassword(person)];
    const answer = JSON.stringify(device.get(optionsOf(one.page)));
    expect((await send(other.browser, other.page, answer)).status).toBe(401);

    const browser = openBrowser();
    const first = await browser.follow(await browser.get(authorizationUrl(server.url)));
    const early = JSON.stringify(device.get(optionsOf(first)));
    const page = await passThrough(first, { browser, person, stopAt });
    expect((await send(browser, page, early)).status).toBe(401);
  });

  it('cannot skip the password by the form of the second factor', async () => {
    const person = await aPerson(server);
    const device = await aPasskey(server, person);
    const { page } = await enterPassword(person);
    const browser = openBrowser();
    const first = await browser.follow(await browser.get(authorizationUrl(server.url)));
    const [, path = ''] = /action="(\/interaction\/[\w-]+)\/sign-in"/.exec(first.html) ?? [];
    const [, csrf = ''] = /name="csrf" value="([^"]*)"/.exec(first.html) ?? [];
    const answer = JSON.stringify(device.get(optionsOf(page)));
    const next = await browser.follow(
      await browser.post(`${server.url}${path}/second-factor/passkey`, { csrf, answer }),
    );
    expect(next.html).toContain('name="password"');
  });

  it('begins again when they are disabled between the two steps, and when that passkey is removed', async () => {
    const person = await aPerson(server);
    const device = await aPasskey(server, person);
    const removed = await enterPassword(person);
    const answer = JSON.stringify(device.get(optionsOf(removed.page)));
    const other = await aPasskey(server, person);
    await server.database
      .knex('passkeys')
      .where({ credential_id: Buffer.from(device.id, 'base64url') })
      .delete();
    const again = await send(removed.browser, removed.page, answer);
    expect({ status: again.status, error: errorOf(again) }).toEqual({ status: 401, error: NOT_HERE });

    const disabled = await enterPassword(person);
    await server.database.knex('people').where({ id: person.id }).update({ disabled_at: new Date() });
    const gone = await use(disabled.browser, disabled.page, other);
    expect(gone.html).toContain('name="password"');
  });
});

describe('somebody without a passkey, where the application requires one', () => {
  const aStrictClient = async () => {
    const client = await aClient(server);
    await server.database.knex('clients').where({ id: client.client_id }).update({ passkeys: 'required' });
    return client;
  };

  it('adds one during the sign-in, keeps recovery codes, and needs nothing more', async () => {
    const client = await aStrictClient();
    const person = await aPerson(server);
    const { browser, page } = await enterPassword(person, client);
    expect(headingOf(page)).toBe('Add a passkey');
    const device = softwareAuthenticator({ origin: server.url });
    const answer = JSON.stringify(device.create(optionsOf(page)));
    const codes = await browser.submit(page, '/set-up-factor/passkey', { answer });
    expect(recoveryCodesOn(codes)).toHaveLength(10);
    const end = await browser.follow(await browser.submit(codes, '/go-on'), stopAt);
    expect(await claimsOf(end, client)).toEqual({
      sub: person.id,
      amr: ['pwd', 'pop', 'user', 'mfa'],
      acr: 'urn:listo:acr:two-factors',
    });

    const later = await enterPassword(person, client);
    expect(headingOf(later.page)).toBe('Confirm with your passkey');
    expect((await use(later.browser, later.page, device)).location).toMatch(/[?&]code=/);
  });

  it.each<[string, Bent, string]>([
    ['of another origin', { origin: 'https://evil.example' }, NOT_HERE],
    [
      'that did not verify its user',
      { userVerified: false },
      'Your device did not check that it is you. Set up a screen lock or a PIN on it, and then try again.',
    ],
  ])('is refused one %s, with a sentence', async (_, bent, sentence) => {
    const { browser, page } = await enterPassword(await aPerson(server), await aStrictClient());
    const device = softwareAuthenticator({ origin: server.url });
    const answer = JSON.stringify(device.create(optionsOf(page), bent));
    const again = await browser.submit(page, '/set-up-factor/passkey', { answer });
    expect({ status: again.status, error: errorOf(again) }).toEqual({ status: 400, error: sentence });
  });

  it('cannot add one before the password, and nobody can who has one', async () => {
    const client = await aStrictClient();
    const person = await aPerson(server);
    const { page } = await enterPassword(person, client);
    const device = softwareAuthenticator({ origin: server.url });
    const answer = JSON.stringify(device.create(optionsOf(page)));
    const browser = openBrowser();
    const { client_id, redirect_uri } = client;
    const first = await browser.follow(
      await browser.get(authorizationUrl(server.url, { client_id, redirect_uri })),
    );
    const [, path = ''] = /action="(\/interaction\/[\w-]+)\/sign-in"/.exec(first.html) ?? [];
    const [, csrf = ''] = /name="csrf" value="([^"]*)"/.exec(first.html) ?? [];
    await browser.post(`${server.url}${path}/set-up-factor/passkey`, { csrf, answer });
    await aPasskey(server, person);
    const second = await enterPassword(person, client);
    const [, own = ''] = /action="(\/interaction\/[\w-]+)\/second-factor/.exec(second.page.html) ?? [];
    const [, token = ''] = /name="csrf" value="([^"]*)"/.exec(second.page.html) ?? [];
    await second.browser.post(`${server.url}${own}/set-up-factor/passkey`, { csrf: token, answer });
    expect(await server.services.passkeys.store.list(person.id)).toHaveLength(1);
  });

  it('gets in with a recovery code when the device is lost, and adds another passkey', async () => {
    const client = await aStrictClient();
    const person = await aPerson(server);
    const { browser, page } = await enterPassword(person, client);
    const lost = softwareAuthenticator({ origin: server.url });
    const answer = JSON.stringify(lost.create(optionsOf(page)));
    const [code = ''] = recoveryCodesOn(await browser.submit(page, '/set-up-factor/passkey', { answer }));

    const later = await enterPassword(person, client);
    const [, href = ''] = /id="by-recovery"[^>]*href="([^"]*)"/.exec(later.page.html) ?? [];
    const form = await later.browser.get(new URL(href.replaceAll('&amp;', '&'), later.page.url).href);
    const next = await enterCode(later.browser, form, { code, by: 'recovery-code', stopAt });
    expect(headingOf(next)).toBe('Add a passkey');
    const device = softwareAuthenticator({ origin: server.url });
    const added = JSON.stringify(device.create(optionsOf(next)));
    const end = await later.browser.follow(
      await later.browser.submit(next, '/set-up-factor/passkey', { answer: added }),
      stopAt,
    );
    expect(end.location).toMatch(/[?&]code=/);
  });
});
