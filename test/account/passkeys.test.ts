import { type Browser, errorOf, openBrowser, type Page } from '../support/browsers/browser.ts';
import { signIn } from '../support/clients/relying-party.ts';
import { optionsOf } from '../support/passkeys/passkey-pages.ts';
import {
  type SoftwareAuthenticator,
  softwareAuthenticator,
} from '../support/passkeys/software-authenticator.ts';
import { aPerson, type TestPerson } from '../support/registrations/factories.ts';
import { recoveryCodesOn } from '../support/second-factors/authenticator.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const titleOf = ({ html }: Page) => /<h1>([^<]*)/.exec(html)?.[1];
const open = async (browser: Browser, path = '') =>
  browser.follow(await browser.get(`${server.url}/account/demo${path}`));
const send = async (browser: Browser, page: Page, path: string, fields: Record<string, string> = {}) =>
  browser.follow(await browser.submit(page, path, fields));

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1';

async function signedIn(person: TestPerson): Promise<Browser> {
  const browser = openBrowser({ headers: { 'user-agent': IPHONE } });
  await signIn(server.url, { browser, person });
  return browser;
}

/** Adds the passkey of a device at the page for it. */
async function add(browser: Browser, page: Page, device: SoftwareAuthenticator): Promise<Page> {
  const answer = JSON.stringify(device.create(optionsOf(page)));
  return send(browser, page, '/passkeys/add', { answer });
}

const namesOf = async (person: TestPerson) =>
  (await server.services.passkeys.store.list(person.id)).map(({ name }) => name);

describe('the passkeys of an account', () => {
  it('are added, the first one with recovery codes, and the next one after a proof by the first', async () => {
    const person = await aPerson(server);
    const browser = await signedIn(person);
    const [phone, key] = [server.url, server.url].map((origin) => softwareAuthenticator({ origin }));
    if (!phone || !key) throw new Error('There are two.');
    const first = await open(browser, '/passkeys/add');
    expect(titleOf(first)).toBe('Add a passkey');
    const codes = await add(browser, first, phone);
    expect(recoveryCodesOn(codes)).toHaveLength(10);
    expect(await namesOf(person)).toEqual(['Safari on an iPhone']);

    const proof = await open(browser, '/passkeys/add');
    expect(titleOf(proof)).toBe('Confirm with your passkey');
    const answer = JSON.stringify(phone.get(optionsOf(proof)));
    const second = await send(browser, proof, '/second-factor/passkey', { answer });
    expect(titleOf(second)).toBe('Add a passkey');
    const overview = await add(browser, second, key);
    expect(titleOf(overview)).toBe('Your account');
    expect(await namesOf(person)).toEqual(['Safari on an iPhone', 'Safari on an iPhone 2']);

    const id = key.id;
    const form = await open(browser, `/passkeys/${id}/rename`);
    await send(browser, form, '/rename', { name: 'The blue key' });
    expect(await namesOf(person)).toEqual(['Safari on an iPhone', 'The blue key']);
    const question = await open(browser, `/passkeys/${id}/remove`);
    expect(titleOf(question)).toBe('Remove a passkey?');
    await send(browser, question, '/remove');
    expect(await namesOf(person)).toEqual(['Safari on an iPhone']);
    const mails = await server.database.knex('deliveries').where({ kind: 'mail' }).count();
    expect(Number(mails[0]?.count)).toBe(3);
  });

  it('are not added by the answer to the page of another session, or twice', async () => {
    const person = await aPerson(server);
    const [one, other] = [await signedIn(person), await signedIn(person)];
    const device = softwareAuthenticator({ origin: server.url });
    const page = await open(one, '/passkeys/add');
    const answer = JSON.stringify(device.create(optionsOf(page)));
    const theirs = await open(other, '/passkeys/add');
    const refused = await send(other, theirs, '/passkeys/add', { answer });
    expect({ status: refused.status, error: errorOf(refused) }).toEqual({
      status: 400,
      error: 'That passkey does not work here. Use another one, or sign in another way.',
    });
    expect(await namesOf(person)).toEqual([]);
    await send(one, page, '/passkeys/add', { answer });
    expect(await namesOf(person)).toHaveLength(1);
    expect(titleOf(await send(one, page, '/passkeys/add', { answer }))).toBe('Confirm that it is you');
  });
});
