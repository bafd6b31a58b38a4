import { decodeJwt } from 'jose';
import { type Browser, openBrowser, type Page } from '../../support/browsers/browser.ts';
import { exchange } from '../../support/clients/relying-party.ts';
import type { TestClient } from '../../support/registrations/factories.ts';
import { unique } from '../../support/servers/test-server.ts';
import { withStillTime } from '../../support/time/still-time.ts';
import {
  answerOf,
  CLIENT,
  CODE,
  somebody,
  startUpstreamWorld,
  type UpstreamWorld,
} from '../../support/upstream/upstream-world.ts';

const SELECT = { prompt: 'select_account' };
const KATHERINE = somebody({ name: 'Katherine Johnson' });
const MARY = somebody({ name: 'Mary Jackson' });

let world: UpstreamWorld;
/** Clients of instances whose provider announces `select_account`, and whose provider does not. */
let announcing: TestClient;
let silent: TestClient;
beforeAll(async () => {
  world = await startUpstreamWorld();
  silent = await world.aTenant('silent', { first_sign_in: 'create' });
  await world.signIn(silent, KATHERINE);
  announcing = await anAnnouncing({ require_consent: false });
});
afterAll(() => world.close());
beforeEach(() => {
  world.idp.requests.length = 0;
});

/** The server keeps a provider's metadata for each client_id there, so these instances have another one. */
async function anAnnouncing({ require_consent }: { require_consent: boolean }): Promise<TestClient> {
  const { idp, server } = world;
  idp.alterDiscovery = (metadata) => ({ ...metadata, prompt_values_supported: ['login', 'select_account'] });
  const client = await world.aTenant(unique('announcing'), {
    client_id: 'listo-public',
    secret: null,
    first_sign_in: 'create',
  });
  await server.database.knex('clients').where({ id: client.client_id }).update({ require_consent });
  const browser = openBrowser();
  await browser.follow(await world.authorize(browser, client), idp.issuer);
  idp.alterDiscovery = undefined;
  return client;
}

/** The provider's requests in this test, without what has no part in it. */
const asked = () =>
  world.idp.requests.map(({ prompt, max_age, login_hint }) => ({ prompt, max_age, login_hint }));
const SILENT = { prompt: undefined, max_age: undefined, login_hint: undefined };

async function signedIn(client: TestClient): Promise<Browser> {
  const browser = openBrowser();
  await world.signIn(client, KATHERINE, { browser });
  world.idp.requests.length = 0;
  return browser;
}

const choose = (browser: Browser, client: TestClient, more: Record<string, string> = {}) =>
  world.authorize(browser, client, { ...SELECT, ...more }).then((page) => browser.follow(page, CLIENT));

async function another(browser: Browser, page: Page): Promise<Page> {
  const href = /href="(\/interaction\/[^"]*\/another\?[^"]*)"/.exec(page.html)?.[1] ?? 'no such link';
  return browser.follow(await browser.get(new URL(href, page.url).href), CLIENT);
}

async function claimsOf(page: Page, client: TestClient) {
  const { body } = await exchange(world.server.url, answerOf(page).code ?? '', { ...client });
  return decodeJwt(String(body.id_token));
}

describe('prompt=select_account at an instance with the customer’s own provider', () => {
  it('is asked there where nobody is signed in here', async () => {
    world.idp.person = MARY;
    expect(answerOf(await choose(openBrowser(), announcing))).toEqual(CODE);
    expect(asked()).toEqual([{ ...SILENT, ...SELECT }]);
  });

  it('lets the person who is signed in here go on without the provider, as signed in as before', async () => {
    await withStillTime(async (time) => {
      const browser = openBrowser();
      const first = await world.signIn(announcing, KATHERINE, { browser });
      const before = await claimsOf(first, announcing);
      time.forward(600);
      world.idp.requests.length = 0;
      const page = await choose(browser, announcing);
      expect(page.html).toContain('Continue as <bdi>Katherine Johnson</bdi>');
      const end = await browser.follow(await browser.submit(page, '/account'), CLIENT);
      const { sub, auth_time } = await claimsOf(end, announcing);
      expect({ sub, auth_time }).toEqual({ sub: before.sub, auth_time: before.auth_time });
      expect(asked()).toEqual([]);
    });
  });

  it.each([
    ['announces it', () => announcing, { ...SILENT, ...SELECT }],
    ['does not, and is asked for a new sign-in', () => silent, { ...SILENT, prompt: 'login', max_age: '0' }],
  ])('lets somebody else sign in where the provider %s', async (_what, client, request) => {
    const browser = await signedIn(client());
    const page = await choose(browser, client(), { login_hint: 'katherine@nasa.example' });
    world.idp.person = MARY;
    const end = await another(browser, page);
    expect(answerOf(end)).toEqual(CODE);
    expect((await claimsOf(end, client())).name).toBe('Mary Jackson');
    expect(asked()).toEqual([request]);
  });

  it('with prompt=login asks for a new sign-in', async () => {
    const browser = await signedIn(announcing);
    const both = { prompt: 'login select_account' };
    await another(browser, await choose(browser, announcing, both));
    const page = await choose(browser, announcing, both);
    await browser.follow(await browser.submit(page, '/account'), CLIENT);
    expect(asked().map(({ prompt }) => prompt)).toEqual(['login', 'login']);
  });
});

describe('the consent page of such an instance', () => {
  it('lets somebody else sign in at the provider, who is asked then', async () => {
    const client = await anAnnouncing({ require_consent: true });
    const browser = openBrowser();
    const page = await world.signIn(client, KATHERINE, { browser });
    expect(page.html).toContain('Katherine Johnson');
    world.idp.requests.length = 0;
    world.idp.person = MARY;
    const asks = await another(browser, page);
    expect(asks.html).toContain('Mary Jackson');
    expect(asks.html).not.toContain('Katherine Johnson');
    expect(asked()).toEqual([{ ...SILENT, ...SELECT }]);
    const end = await browser.follow(await browser.submit(asks, '/consent', { decision: 'allow' }), CLIENT);
    expect((await claimsOf(end, client)).name).toBe('Mary Jackson');
  });
});
