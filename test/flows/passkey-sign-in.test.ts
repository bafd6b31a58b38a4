import { decodeJwt } from 'jose';
import { errorOf, openBrowser, type Page, redirectOf } from '../support/browsers/browser.ts';
import { ADA, authorizationUrl, exchange } from '../support/clients/relying-party.ts';
import { aPasskey, optionsOf } from '../support/passkeys/passkey-pages.ts';
import type { Bent, SoftwareAuthenticator } from '../support/passkeys/software-authenticator.ts';
import { softwareAuthenticator } from '../support/passkeys/software-authenticator.ts';
import { aClient, anInstance, aPerson } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const CALLBACK = 'http://127.0.0.1:9999/callback';
const NOT_HERE = 'That passkey does not work here. Use another one, or sign in another way.';

describe('a passkey instead of a password', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  /** Opens the sign-in page in a new browser. */
  async function open(parameters: Record<string, string> = {}) {
    const browser = openBrowser();
    const page = await browser.follow(await browser.get(authorizationUrl(server.url, parameters)));
    return { browser, page };
  }

  async function signIn(
    device: SoftwareAuthenticator,
    { parameters = {}, bent = {} }: { parameters?: Record<string, string>; bent?: Bent } = {},
  ) {
    const { browser, page } = await open(parameters);
    const answer = JSON.stringify(device.get(optionsOf(page), bent));
    const next = await browser.follow(await browser.submit(page, '/passkey', { answer }), CALLBACK);
    return { browser, page: next };
  }

  const codeOf = ({ location = '' }: Page) => new URL(location).searchParams.get('code') ?? '';
  const lastLine = (path: RegExp) => server.logLines().findLast((line) => path.test(String(line.path)));

  it('signs its owner in, as by two factors', async () => {
    const person = await aPerson(server);
    const { page } = await signIn(await aPasskey(server, person));
    const { body } = await exchange(server.url, codeOf(page));
    expect(decodeJwt(String(body.id_token))).toMatchObject({
      sub: person.id,
      amr: ['pop', 'user', 'mfa'],
      acr: 'urn:listo:acr:two-factors',
    });
    expect(lastLine(/\/passkey$/)).toMatchObject({ signIn: person.id, person: person.id, status: 303 });
  });

  it('is offered with scripts of ours alone, and the rest of the page works without', async () => {
    const { page } = await open();
    expect(page.html).toContain('autocomplete="username webauthn"');
    expect(page.html.match(/<script[^>]*>/g)).toEqual([
      expect.stringMatching(/^<script src="\/assets\/passkey\.[0-9a-f]{12}\.js" defer>$/),
      expect.stringMatching(/^<script src="\/assets\/show-password\.[0-9a-f]{12}\.js" defer>$/),
    ]);
    expect(page.headers.get('content-security-policy')).toMatch(/;script-src 'self'$/);
  });

  it('has a page of its own that says what to do without one', async () => {
    const { browser, page } = await open();
    const [, href = ''] = /<a id="passkey"[^>]* href="([^"]*)"/.exec(page.html) ?? [];
    const own = await browser.get(new URL(href.replaceAll('&amp;', '&'), server.url).href);
    expect(own.status).toBe(200);
    expect(own.html).toContain('If this device has no passkey of yours');
    expect(own.html).toContain('Your browser cannot use passkeys here.');
    const device = await aPasskey(server, await aPerson(server));
    const answer = JSON.stringify(device.get(optionsOf(own)));
    const next = await browser.follow(await browser.submit(own, '/passkey', { answer }), CALLBACK);
    expect(codeOf(next)).not.toBe('');
  });

  it('says that a form came without one', async () => {
    const { browser, page } = await open();
    const again = await browser.submit(page, '/passkey');
    expect({ status: again.status, error: errorOf(again) }).toEqual({
      status: 400,
      error: 'Your browser sent no passkey. Please try again.',
    });
  });

  it.each<[string, Bent, string]>([
    ['another origin', { origin: 'https://evil.example' }, NOT_HERE],
    ['another host name', { rpId: 'evil.example' }, NOT_HERE],
    ['a counter that went back', { counter: 4 }, NOT_HERE],
    ['a wrong signature', { spoilt: true, counter: 6 }, NOT_HERE],
    [
      'a device that did not verify its user',
      { userVerified: false, counter: 6 },
      'Your device did not check that it is you. Set up a screen lock or a PIN on it, and then try again.',
    ],
  ])('refuses %s with a sentence', async (_, bent, sentence) => {
    const device = await aPasskey(server, await aPerson(server), { counter: 5 });
    const { page } = await signIn(device, { bent });
    expect({ status: page.status, error: errorOf(page) }).toEqual({ status: 401, error: sentence });
  });

  it('refuses somebody disabled, somebody of another instance, and nobody, alike', async () => {
    const disabled = await aPerson(server);
    const other = await aPerson(server, { instance_id: await anInstance(server) });
    const devices = [
      await aPasskey(server, disabled),
      await aPasskey(server, other),
      softwareAuthenticator({ origin: server.url }),
    ];
    await server.database.knex('people').where({ id: disabled.id }).update({ disabled_at: new Date() });
    const answers = [];
    for (const device of devices) {
      const { page } = await signIn(device);
      answers.push({
        status: page.status,
        error: errorOf(page),
        html: page.html.replaceAll(
          /value="[^"]*"|data-options="[^"]*"|\/interaction\/[\w-]+|<code>[\da-f-]{36}<\/code>/g,
          '',
        ),
      });
    }
    expect(answers[0]).toMatchObject({ status: 401, error: NOT_HERE });
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  it('refuses an answer to the challenge of another sign-in, and one that was used', async () => {
    const device = await aPasskey(server, await aPerson(server));
    const [one, other] = [await open(), await open()];
    const answer = JSON.stringify(device.get(optionsOf(one.page)));
    const elsewhere = await other.browser.submit(other.page, '/passkey', { answer });
    expect({ status: elsewhere.status, error: errorOf(elsewhere) }).toEqual({ status: 401, error: NOT_HERE });
    expect(lastLine(/\/passkey$/)).toMatchObject({
      signIn: 'refused',
      detail: 'the challenge is not one of this page',
    });
    const right = await one.browser.submit(one.page, '/passkey', { answer });
    expect(right.status).toBe(303);
  });

  it('refuses a browser without the cookie of the sign-in, and uses nothing up', async () => {
    const device = await aPasskey(server, await aPerson(server));
    const { browser, page } = await open();
    const answer = JSON.stringify(device.get(optionsOf(page)));
    const stranger = openBrowser();
    const refused = await stranger.follow(await stranger.submit(page, '/passkey', { answer }));
    expect(refused.status).toBe(400);
    expect(
      codeOf(await browser.follow(await browser.submit(page, '/passkey', { answer }), CALLBACK)),
    ).not.toBe('');
  });

  it('refuses another person than the application asked for', async () => {
    const person = await aPerson(server);
    const claims = JSON.stringify({ id_token: { sub: { value: ADA.id } } });
    const { page } = await signIn(await aPasskey(server, person), { parameters: { claims } });
    expect({ status: page.status, error: errorOf(page) }).toEqual({
      status: 403,
      error: 'The application asked for somebody else to sign in. Please use their passkey.',
    });
  });

  it('is not offered, and not taken, where the instance wants none', async () => {
    const instance_id = await anInstance(server);
    await server.database.knex('instances').where({ id: instance_id }).update({ passkeys: 'off' });
    const client = await aClient(server, { instance_id });
    const device = await aPasskey(server, await aPerson(server, { instance_id }));
    const { browser, page } = await open({ client_id: client.client_id });
    expect(page.html).toContain('autocomplete="username"');
    expect(page.html).not.toContain('/assets/passkey.');

    const uid = /\/interaction\/([\w-]+)\/sign-in/.exec(page.html)?.[1] ?? '';
    const { authenticator } = server.services.passkeys;
    const options = authenticator.options(
      { purpose: 'sign_in', uid },
      { expiresAt: Math.floor(Date.now() / 1000) + 600 },
    );
    const [, csrf = ''] = /name="csrf" value="([^"]*)"/.exec(page.html) ?? [];
    const late = await browser.post(`${server.url}/interaction/${uid}/passkey`, {
      csrf,
      answer: JSON.stringify(device.get(options)),
    });
    expect(redirectOf(late)).toEqual({
      status: 303,
      location: `${server.url}/interaction/${uid}?client_id=${client.client_id}`,
    });
  });

  it('signs in somebody else than who was signed in before', async () => {
    const { browser } = await signIn(await aPasskey(server, await aPerson(server)));
    const other = await aPerson(server);
    const device = await aPasskey(server, other);
    const again = await browser.follow(await browser.get(authorizationUrl(server.url, { prompt: 'login' })));
    const answer = JSON.stringify(device.get(optionsOf(again)));
    const next = await browser.follow(await browser.submit(again, '/passkey', { answer }), CALLBACK);
    const { body } = await exchange(server.url, codeOf(next));
    expect(decodeJwt(String(body.id_token)).sub).toBe(other.id);
  });
});
