import { openBrowser, type Page } from '../../support/browsers/browser.ts';
import { authorizationUrl, DEMO_WEB, signIn } from '../../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

const MISTYPED = 'http://127.0.0.1:9999/calback';
const HTML = { accept: 'text/html' };

/** The explanation on a page, as its lines. */
function explanationOn({ html }: Page): string[] | undefined {
  const [section] = /<section class="explanation"[\s\S]*?<\/section>/.exec(html) ?? [];
  return section
    ?.replaceAll(/<\/?(mark|code|span)[^>]*>/g, '')
    .replaceAll('</dt><dd>', ': ')
    .replaceAll(/<[^>]*>/g, '\n')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** The ids of requests on a page. */
function idsOn({ html }: Page): string[] {
  return [...html.matchAll(/<dt>Request<\/dt><dd><code>([^<]*)<\/code>/g)].map(([, id = '']) => id);
}

describe('a page that refuses something', () => {
  let development: TestServer;
  let production: TestServer;
  beforeAll(async () => {
    development = await startTestServer();
    production = await startTestServer({ config: { production: true } });
  });
  afterAll(async () => {
    await development.close();
    await production.close();
  });

  const mistyped = ({ url }: TestServer) =>
    openBrowser().get(authorizationUrl(url, { redirect_uri: MISTYPED }), HTML);

  it('explains it in development: what came, the nearest registered value, and the remedy', async () => {
    const page = await mistyped(development);
    expect(explanationOn(page)?.slice(0, 7)).toEqual([
      'For developers, in development alone',
      'The client has not registered this redirect_uri. Addresses are compared letter by letter.',
      'Send a registered address exactly as it is registered, or have this one registered.',
      'redirect_uri',
      `came: ${MISTYPED}`,
      'nearest: http://127.0.0.1:9999/callback They differ in the path.',
      `or: ${development.url}/demo/callback`,
    ]);
    expect(page.html).toContain('http://127.0.0.1:9999/cal<mark>l</mark>back');
  });

  it('explains nothing in production, and names the request', async () => {
    const page = await mistyped(production);
    expect(explanationOn(page)).toBeUndefined();
    expect(page.html).not.toContain('calback');
    expect(page.html).not.toContain('127.0.0.1:9999');
    expect(idsOn(page)).toEqual([page.headers.get('x-request-id')]);
  });

  it.each([
    ['a page of the library', (url: string) => authorizationUrl(url, { client_id: 'nobody' }), 400],
    ['an address of nothing', (url: string) => `${url}/nothing`, 404],
    ['an address for programs', (url: string) => `${url}/auth/token`, 405],
    ['signing out', (url: string) => `${url}/auth/logout?client_id=nobody`, 400],
    ['a link that begins a sign-in', (url: string) => `${url}/auth/start`, 400],
    ['a code of a device', (url: string) => `${url}/auth/device?user_code=BCDF-GHJK`, 400],
    [
      'the page of a sign-in that is over',
      (url: string) => `${url}/interaction/0123456789abcdef?cookies=checked`,
      400,
    ],
    ['the demo', (url: string) => `${url}/demo/callback?error=x&state=y`, 400],
  ])('names the request once, also: %s', async (_what, addressOf, status) => {
    const page = await openBrowser().get(addressOf(development.url), HTML);
    expect({ status: page.status, ids: idsOn(page) }).toEqual({
      status,
      ids: [page.headers.get('x-request-id')],
    });
  });

  it('is a form that was filled in wrongly, too', async () => {
    const browser = openBrowser();
    const form = await browser.follow(await browser.get(authorizationUrl(development.url)));
    const page = await browser.submit(form, '/sign-in', { email: 'ada@demo.example', password: 'wrong' });
    expect(page.status).toBeGreaterThanOrEqual(400);
    expect(idsOn(page)).toEqual([page.headers.get('x-request-id')]);
    expect(idsOn(form)).toEqual([]);
  });

  it('is the page that asks all the same whether to sign out', async () => {
    const { browser } = await signIn(development.url);
    const query = new URLSearchParams({
      client_id: DEMO_WEB.client_id,
      post_logout_redirect_uri: `${development.url}/dmo`,
    });
    const page = await browser.get(`${development.url}/auth/logout?${query}`, HTML);
    expect(page.status).toBe(400);
    expect(explanationOn(page)).toContain(`nearest: ${development.url}/demo They differ in the path.`);
    expect(idsOn(page)).toEqual([page.headers.get('x-request-id')]);
  });

  describe('to which an error_uri leads', () => {
    const explained = async (server: TestServer) => {
      const back = await openBrowser().get(authorizationUrl(server.url, { scope: 'openid groups' }));
      await server.services.refusalRecorder.flush();
      const uri = new URL(back.location ?? '').searchParams.get('error_uri');
      return openBrowser().get(String(uri), HTML);
    };

    it('explains it in development', async () => {
      expect(explanationOn(await explained(development))).toEqual([
        'For developers, in development alone',
        'The client asked for a scope that is unknown, or that it may not have.',
        'Ask for registered scopes alone, or have the scope added to the client’s registration.',
        'scope',
        'came: groups',
        'expected: openid',
        'or: profile',
        'or: email',
        'The reason is called scope.not_allowed.',
      ]);
    });

    it('says in development that nothing is recorded of an unknown request', async () => {
      const page = await openBrowser().get(`${development.url}/auth/explain?request_id=unknown`, HTML);
      expect(page.html).toContain('Nothing is recorded of it');
    });

    it('is the same for every id in production', async () => {
      const known = await explained(production);
      const [id = ''] = idsOn(known);
      const unknown = await openBrowser().get(`${production.url}/auth/explain?request_id=unknown`, HTML);
      expect(known.html.replaceAll(id, 'unknown')).toBe(unknown.html);
      expect(explanationOn(known)).toBeUndefined();
    });
  });

  it('is the demo’s, with the id of the request that the server refused', async () => {
    const browser = openBrowser();
    const began = await browser.get(`${development.url}/demo/sign-in`);
    const state = new URL(began.location ?? '').searchParams.get('state');
    const query = new URLSearchParams({
      ...{ error: 'invalid_scope', error_description: 'Invalid scopes', state: String(state) },
      ...{ iss: development.url, error_uri: `${development.url}/auth/explain?request_id=abc` },
    });
    const page = await browser.get(`${development.url}/demo/callback?${query}`, HTML);
    expect(idsOn(page)).toEqual(['abc']);
    expect(page.html).toContain('<a id="explain" href="/auth/explain?request_id=abc">Find out why</a>');
  });
});
