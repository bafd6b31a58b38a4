import { decodeJwt } from 'jose';
import { type Browser, openBrowser, type Page, redirectOf } from '../support/browsers/browser.ts';
import { ADA, authorizationUrl, exchange, postForm, signIn } from '../support/clients/relying-party.ts';
import {
  aClient,
  anInstance,
  aPerson,
  type TestClient,
  type TestPerson,
} from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { withStillTime } from '../support/time/still-time.ts';

let server: TestServer;
let client: TestClient;
let grace: TestPerson;
/** Ada is signed in here. */
let browser: Browser;
beforeAll(async () => {
  server = await startTestServer();
  client = await aClient(server, { name: 'Payroll' });
  grace = await aPerson(server);
});
afterAll(() => server.close());
beforeEach(async () => {
  browser = await signedIn();
});

const signedIn = async () => (await signIn(server.url)).browser;

function ask(parameters: Record<string, string>, from = browser, to = client): Promise<Page> {
  const { client_id, redirect_uri } = to;
  const url = authorizationUrl(server.url, { client_id, redirect_uri, ...parameters });
  return from.get(url).then((page) => from.follow(page, redirect_uri));
}

const choose = (parameters: Record<string, string> = {}, from = browser, to = client) =>
  ask({ prompt: 'select_account', ...parameters }, from, to);

const goOn = (page: Page, from = browser) =>
  from.submit(page, '/account').then((answer) => from.follow(answer, client.redirect_uri));

/** Follows the page's link to sign in as somebody else. */
async function another(page: Page, from = browser): Promise<Page> {
  const href = /href="(\/interaction\/[^"]*\/another\?[^"]*)"/.exec(page.html)?.[1] ?? 'no such link';
  return from.follow(await from.get(new URL(href, page.url).href));
}

const enter = (page: Page, { email, password }: { email: string; password: string }, from = browser) =>
  from
    .submit(page, '/sign-in', { email, password })
    .then((answer) => from.follow(answer, client.redirect_uri));

/** The claims of the ID token for the code at the end, or the error there. */
async function toldTo({ location = '' }: Page, to = client): Promise<Record<string, unknown>> {
  const answer = new URL(location).searchParams;
  if (answer.has('error')) return { error: answer.get('error') };
  const { client_id, client_secret, redirect_uri } = to;
  const { body } = await exchange(server.url, String(answer.get('code')), {
    client_id,
    client_secret,
    redirect_uri,
  });
  return decodeJwt(String(body.id_token));
}

function seen({ html }: Page) {
  return {
    title: /<h1>(.*?)<\/h1>/.exec(html)?.[1]?.replaceAll(/<\/?bdi>/g, ''),
    email: /id="email"[^>]* value="([^"]*)"/.exec(html)?.[1],
    lead: /<p class="lead">([\s\S]*?)<\/p>/.exec(html)?.[1]?.replaceAll(/<[^>]*>/g, ''),
  };
}

const CHOICE = { title: 'Choose an account', email: undefined, lead: 'to continue to Payroll' };
const EMPTY_FORM = {
  title: 'Sign in to Payroll',
  email: '',
  lead: 'When somebody else signs in, Ada Lovelace is signed out.',
};
const FORM_AGAIN = {
  title: 'Sign in to Payroll',
  email: ADA.email,
  lead: 'You are signed in as Ada Lovelace. Enter your password again to confirm that it is you.',
};
const NEW_FORM = { title: 'Sign in to Payroll', email: '', lead: undefined };

describe('prompt=select_account', () => {
  it('shows the person to continue as, who goes on with one click and the time of their sign-in', async () => {
    await withStillTime(async (time) => {
      const signedInAt = Math.floor(Date.now() / 1000);
      const { browser } = await signIn(server.url);
      time.forward(600);
      const page = await choose({ nonce: 'n' }, browser);
      expect(seen(page)).toEqual(CHOICE);
      expect(page.html).toContain('Continue as <bdi>Ada Lovelace</bdi>');
      expect(page.html).toContain(ADA.email);
      const claims = await toldTo(await goOn(page, browser));
      expect(claims).toMatchObject({ sub: ADA.id, nonce: 'n', amr: ['pwd'] });
      expect(Number(claims.auth_time) - signedInAt).toBeLessThan(60);
    });
  });

  it('shows an empty form to somebody else, and signs the first person out when they sign in', async () => {
    const form = await another(await choose({ state: 'kept', login_hint: ADA.email }));
    expect(seen(form)).toEqual(EMPTY_FORM);
    const wrong = await browser.submit(form, '/sign-in', { email: grace.email, password: 'wrong' });
    expect({ status: wrong.status, ...seen(wrong) }).toEqual({
      status: 401,
      ...EMPTY_FORM,
      email: grace.email,
    });
    const end = await enter(wrong, grace);
    expect(new URL(end.location ?? '').searchParams.get('state')).toBe('kept');
    expect((await toldTo(end)).sub).toBe(grace.id);
    expect((await toldTo(await ask({ prompt: 'none' }))).sub).toBe(grace.id);
  });

  it('lets whoever wanted somebody else go back to the choice', async () => {
    const page = await choose();
    const form = await another(page);
    const back =
      /<a id="back" class="button button--quiet" href="([^"]*)">Back</.exec(form.html)?.[1] ?? 'no such link';
    const again = await browser.get(new URL(back, form.url).href);
    expect(seen(again)).toEqual(CHOICE);
    expect((await toldTo(await goOn(again))).sub).toBe(ADA.id);
  });

  it('is a sign-in where nobody is signed in, or only at another instance', async () => {
    const instance_id = await anInstance(server);
    const { client_id, redirect_uri } = await aClient(server, { instance_id });
    const person = await aPerson(server, { instance_id });
    const elsewhere = (await signIn(server.url, { person, parameters: { client_id, redirect_uri } })).browser;
    for (const from of [openBrowser(), elsewhere]) {
      const page = await choose({}, from);
      expect(seen(page)).toEqual(NEW_FORM);
      expect((await toldTo(await enter(page, grace, from))).sub).toBe(grace.id);
    }
  });

  it('with prompt=login asks for the password of whoever was chosen', async () => {
    for (const prompt of ['login select_account', 'select_account login']) {
      const form = await goOn(await choose({ prompt }));
      expect(seen(form)).toEqual(FORM_AGAIN);
      expect((await toldTo(await enter(form, ADA))).sub).toBe(ADA.id);
    }
    const other = await another(await choose({ prompt: 'login select_account' }));
    expect(seen(other)).toEqual(EMPTY_FORM);
    expect((await toldTo(await enter(other, grace))).sub).toBe(grace.id);
  });

  it('with prompt=consent asks for consent as well', async () => {
    const page = await goOn(await choose({ prompt: 'consent select_account' }));
    expect(page.html).toContain('value="allow"');
    const end = await browser.submit(page, '/consent', { decision: 'allow' });
    expect((await toldTo(await browser.follow(end, client.redirect_uri))).sub).toBe(ADA.id);
  });

  it('with a max_age that is over asks for the password of whoever was chosen', async () => {
    await withStillTime(async (time) => {
      const from = await signedIn();
      time.forward(60);
      expect((await toldTo(await goOn(await choose({ max_age: '60' }, from), from))).sub).toBe(ADA.id);
      time.forward(1);
      const form = await goOn(await choose({ max_age: '60' }, from), from);
      expect(seen(form)).toEqual(FORM_AGAIN);
      expect((await toldTo(await enter(form, ADA, from))).sub).toBe(ADA.id);
    });
  });

  it('works in a pushed request', async () => {
    const { client_id, client_secret, redirect_uri } = client;
    const { body } = await postForm(`${server.url}/auth/par`, {
      ...{ client_id, client_secret, redirect_uri, response_type: 'code' },
      ...{ scope: 'openid', prompt: 'select_account' },
    });
    const query = new URLSearchParams({ client_id, request_uri: String(body.request_uri) });
    const page = await browser.follow(await browser.get(`${server.url}/auth/authorize?${query}`));
    expect(seen(page)).toEqual(CHOICE);
    expect((await toldTo(await goOn(page))).sub).toBe(ADA.id);
  });

  it('is asked of the people of an installed application before their decision', async () => {
    const redirect_uri = 'com.example.app:/callback';
    const native = await aClient(server, { application_type: 'native', redirect_uris: [redirect_uri] });
    const silent = await aClient(server, {
      ...{ application_type: 'native', answer_silently: true, redirect_uris: [redirect_uri] },
    });
    const decide = await browser.follow(await browser.submit(await choose({}, browser, native), '/account'));
    expect(decide.html).toContain('value="allow"');
    const page = await browser.submit(await choose({}, browser, silent), '/account');
    expect((await browser.follow(page, redirect_uri)).location).toMatch(
      /^com\.example\.app:\/callback\?code=/,
    );
  });

  it('offers nobody to go on as whom the application does not want (id_token_hint)', async () => {
    const { client_id, client_secret, redirect_uri } = client;
    const hintOf = async (person: { email: string; password: string }) => {
      const parameters = { client_id, redirect_uri };
      const { callback } = await signIn(server.url, { person, parameters });
      const code = String(callback.get('code'));
      const { body } = await exchange(server.url, code, { client_id, client_secret, redirect_uri });
      return String(body.id_token);
    };
    const form = await choose({ id_token_hint: await hintOf(grace) });
    expect(seen(form)).toEqual(EMPTY_FORM);
    const { email, password } = ADA;
    expect((await browser.submit(form, '/sign-in', { email, password })).status).toBe(403);
    expect((await toldTo(await enter(form, grace))).sub).toBe(grace.id);

    const page = await choose({ id_token_hint: await hintOf(grace) });
    expect(page.html).toContain('Continue as <bdi>Grace Hopper</bdi>');
    const other = await another(page);
    expect((await browser.submit(other, '/sign-in', { email, password })).status).toBe(403);
    expect((await toldTo(await goOn(page))).sub).toBe(grace.id);
  });

  it('can be called off', async () => {
    const end = await browser.submit(await choose(), '/abort');
    expect(await toldTo(await browser.follow(end, client.redirect_uri))).toEqual({ error: 'access_denied' });
  });
});

describe('the form to continue', () => {
  it('is refused without its token, from another page, and to another browser', async () => {
    const page = await choose();
    for (const csrf of ['', 'wrong'])
      expect((await browser.submit(page, '/account', { csrf })).status).toBe(403);
    const csrf = /name="csrf" value="([^"]*)"/.exec(page.html)?.[1] ?? '';
    const address = page.url.replace(/\?.*/, '/account');
    const foreign = await browser.post(address, { csrf }, { origin: 'https://evil.example' });
    expect(foreign.status).toBe(403);
    const stranger = await signedIn();
    expect((await stranger.follow(await stranger.post(address, { csrf }))).status).toBe(400);
    expect((await toldTo(await goOn(page))).sub).toBe(ADA.id);
  });

  it('leads on when it is sent again, and a page gone back to shows the choice again', async () => {
    await withStillTime(async (time) => {
      const from = await signedIn();
      time.forward(60);
      const page = await choose({ state: 'kept' }, from);
      await goOn(page, from);
      const again = await goOn(page, from);
      expect(new URL(again.location ?? '').searchParams.get('state')).toBe('kept');
      expect((await toldTo(again)).sub).toBe(ADA.id);
      const back = await from.follow(await from.get(page.url), client.redirect_uri);
      expect(seen(back)).toEqual(CHOICE);
    });
  });

  it('asks again where another person signed in meanwhile, and is over after somebody said no', async () => {
    const page = await choose();
    await signIn(server.url, { browser, person: grace, parameters: { prompt: 'login' } });
    const asked = await goOn(page);
    expect(seen(asked)).toEqual(CHOICE);
    expect(asked.html).toContain('Continue as <bdi>Grace Hopper</bdi>');
    expect((await toldTo(await goOn(asked))).sub).toBe(grace.id);
    const refused = await choose();
    await browser.follow(await browser.submit(refused, '/abort'), client.redirect_uri);
    expect((await browser.submit(refused, '/account')).status).toBe(400);
  });

  it('is not that of a step that is not due', async () => {
    const form = await ask({ prompt: 'login' });
    const csrf = /name="csrf" value="([^"]*)"/.exec(form.html)?.[1] ?? '';
    const early = await browser.post(form.url.replace(/\?.*/, '/account'), { csrf });
    expect(redirectOf(early)).toEqual({ status: 303, location: form.url });
  });
});

describe('somebody who is signed in and asked again', () => {
  it.each([
    ['prompt=login', { prompt: 'login' }],
    ['max_age=0', { max_age: '0' }],
  ])('finds the address in the form (%s)', async (_what, parameters) => {
    const form = await ask(parameters);
    expect(seen(form)).toEqual(FORM_AGAIN);
    expect((await toldTo(await enter(form, ADA))).sub).toBe(ADA.id);
  });

  it('finds the address that the application expects', async () => {
    const form = await ask({ prompt: 'login', login_hint: grace.email });
    expect(seen(form)).toEqual({ ...EMPTY_FORM, email: grace.email });
  });

  it('keeps the time of the sign-in while the consent page is open', async () => {
    await withStillTime(async (time) => {
      const signedInAt = Math.floor(Date.now() / 1000);
      const asking = await aClient(server, { require_consent: true });
      const from = openBrowser();
      const page = await enter(await ask({}, from, asking), ADA, from);
      time.forward(1800);
      const end = await from.submit(page, '/consent', { decision: 'allow' });
      const claims = await toldTo(await from.follow(end, asking.redirect_uri), asking);
      expect(Number(claims.auth_time) - signedInAt).toBeLessThan(60);
    });
  });
});

describe('the consent page', () => {
  let asking: TestClient;
  beforeAll(async () => {
    asking = await aClient(server, { name: 'Timesheets', require_consent: true });
  });
  const consentsTo = ({ client_id }: TestClient) =>
    server.database.knex('consents').where({ client_id }).pluck('person_id');

  it('lets somebody else sign in, who is asked for the same request', async () => {
    const page = await ask({ state: 'kept', nonce: 'n' }, browser, asking);
    expect(page.html).toContain('Not you?');
    const form = await another(page);
    expect(seen(form)).toEqual({ ...EMPTY_FORM, title: 'Sign in to Timesheets' });
    const asked = await enter(form, grace);
    expect(asked.html).toContain(grace.email);
    expect(asked.html).not.toContain(ADA.email);
    const end = await browser.follow(
      await browser.submit(asked, '/consent', { decision: 'allow' }),
      asking.redirect_uri,
    );
    expect(new URL(end.location ?? '').searchParams.get('state')).toBe('kept');
    expect(await toldTo(end, asking)).toMatchObject({ sub: grace.id, nonce: 'n' });
    expect(await consentsTo(asking)).toEqual([grace.id]);
  });

  it('takes no consent for the person who was on it before', async () => {
    const other = await aClient(server, { require_consent: true });
    const page = await ask({}, browser, other);
    await enter(await another(page), grace);
    const answer = await browser.follow(await browser.submit(page, '/consent', { decision: 'allow' }));
    expect(answer.html).toContain(grace.email);
    expect(await consentsTo(other)).toEqual([]);
  });
});

describe('what an application shows of itself', () => {
  const LOOK = {
    logo_uri: 'https://cdn.app.example/logo.svg?v=1&w=2',
    tos_uri: 'https://app.example/terms',
    policy_uri: 'https://app.example/privacy',
  };
  const shown = ({ html }: Page) => ({
    logos: [
      ...html.matchAll(/<img class="application-logo" src="([^"]*)"[^>]*referrerpolicy="no-referrer">/g),
    ].map(([, src = '']) => src.replaceAll('&amp;', '&')),
    links: [...html.matchAll(/href="([^"]*)" target="_blank" rel="noopener noreferrer">([^<]*)</g)].map(
      ([, href, text]) => `${text}: ${href}`,
    ),
  });

  it('is on the pages where a person decides, and nowhere where it is not registered', async () => {
    const look = await aClient(server, { ...LOOK, require_consent: true });
    const all = {
      logos: [LOOK.logo_uri],
      links: [`Terms of service: ${LOOK.tos_uri}`, `Privacy policy: ${LOOK.policy_uri}`],
    };
    expect(shown(await ask({}, openBrowser(), look))).toEqual(all);
    expect(shown(await choose({}, browser, look))).toEqual(all);
    expect(shown(await ask({}, browser, look))).toEqual(all);
    expect(shown(await ask({}, openBrowser()))).toEqual({ logos: [], links: [] });
    const terms = await aClient(server, { tos_uri: LOOK.tos_uri });
    expect(shown(await ask({}, openBrowser(), terms))).toEqual({ logos: [], links: [all.links[0]] });
  });

  it('is its name, once beside that of the company, and not at all where they are the same', async () => {
    const instance_id = await anInstance(server, { name: 'Acme & Söhne' });
    const names = ({ html }: Page) =>
      (/<body>([\s\S]*)/.exec(html)?.[1]?.match(/Acme &amp; Söhne/gi) ?? []).length;
    for (const name of ['Payroll', 'ACME & söhne']) {
      const page = await ask({}, openBrowser(), await aClient(server, { instance_id, name }));
      expect({ names: names(page), title: seen(page).title }).toEqual({
        names: 1,
        title: name === 'Payroll' ? 'Sign in to Payroll' : 'Sign in',
      });
    }
  });
});
