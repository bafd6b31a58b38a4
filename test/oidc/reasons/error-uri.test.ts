import { decodeJwt } from 'jose';
import { openBrowser, type Page } from '../../support/browsers/browser.ts';
import { authorizationUrl, DEMO_WEB, signIn } from '../../support/clients/relying-party.ts';
import { aClient } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

/** The members of an answer, in whichever way it came. */
function answerOf({ location, html }: Page): Record<string, unknown> {
  const inputs = [...html.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, ...pair]) => pair);
  const { hash, searchParams } = new URL(location ?? 'http://nowhere.example');
  const parameters = hash === '' ? searchParams : new URLSearchParams(hash.slice(1));
  const answer = Object.fromEntries(location === undefined ? inputs : parameters);
  return answer.response === undefined ? answer : decodeJwt(answer.response);
}

describe('the error_uri of an authorization error (RFC 6749 section 4.1.2.1)', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const uriOf = (page: Page) =>
    `${server.url}/auth/explain?${new URLSearchParams({ request_id: String(page.headers.get('x-request-id')) })}`;

  it.each(['query', 'fragment', 'form_post', 'jwt', 'fragment.jwt', 'form_post.jwt'])(
    'names the request in an answer by %s',
    async (response_mode) => {
      const url = authorizationUrl(server.url, { response_mode, prompt: 'none', state: 's' });
      const page = await openBrowser().get(url, { 'x-request-id': 'a.b_c-1' });
      const { exp: _exp, aud: _aud, ...answer } = answerOf(page);
      expect(answer).toEqual({
        error: 'login_required',
        error_description: 'End-User authentication is required',
        error_uri: `${server.url}/auth/explain?request_id=a.b_c-1`,
        state: 's',
        iss: server.url,
      });
      expect(answer.error_uri).toBe(uriOf(page));
    },
  );

  it('leaves a registered query as it is', async () => {
    const redirect_uri = 'http://127.0.0.1:9999/callback?a=b%20c&error=mine&empty';
    const { client_id } = await aClient(server, { redirect_uris: [redirect_uri] });
    const page = await openBrowser().get(
      authorizationUrl(server.url, { client_id, redirect_uri, prompt: 'none' }),
    );
    expect(page.location).toBe(
      `http://127.0.0.1:9999/callback?a=b%20c&empty&${new URLSearchParams({
        error: 'login_required',
        error_description: 'End-User authentication is required',
        iss: server.url,
        error_uri: uriOf(page),
      })}`,
    );
  });

  it('goes to an application with a scheme of its own', async () => {
    const redirect_uri = 'com.example.app:/callback';
    const { client_id } = await aClient(server, {
      redirect_uris: [redirect_uri],
      application_type: 'native',
      type: 'public',
    });
    const page = await openBrowser().get(authorizationUrl(server.url, { client_id, redirect_uri }));
    expect(new URL(page.location ?? '').searchParams.get('error_uri')).toBe(uriOf(page));
  });

  it('is in what a person decides, and in no code', async () => {
    const browser = openBrowser();
    const form = await browser.follow(await browser.get(authorizationUrl(server.url)));
    const back = await browser.follow(await browser.submit(form, '/abort'), DEMO_WEB.redirect_uri);
    expect(answerOf(back).error_uri).toBe(uriOf(back));
    const { callback } = await signIn(server.url);
    expect(String([...callback.keys()])).toBe('code,iss');
  });

  it('leads to a page that names the request, and how its developer and the operator read why', async () => {
    const url = authorizationUrl(server.url, { scope: 'openid groups' });
    const back = await openBrowser().get(url);
    const page = await openBrowser().get(String(answerOf(back).error_uri), { accept: 'text/html' });
    expect({ status: page.status, cache: page.headers.get('cache-control') }).toEqual({
      status: 200,
      cache: 'no-store',
    });
    const id = back.headers.get('x-request-id');
    expect(page.html).toContain(`<dt>Request</dt><dd><code>${id}</code></dd>`);
    expect(page.html).toContain(
      `curl -sS -u &quot;$client_id:$client_secret&quot; \\\n  ${server.url}/auth/explain \\\n  -d request_id=${id}`,
    );
    expect(page.html).toContain(`npx listo explain ${id}`);
  });

  it.each([
    '',
    '?request_id=',
    '?request_id=a%3Cb',
    `?request_id=${'x'.repeat(65)}`,
    '?request_id=a&request_id=b',
  ])('is no page without the id of a request: %s', async (query) => {
    const page = await openBrowser().get(`${server.url}/auth/explain${query}`, { accept: 'text/html' });
    expect(page.status).toBe(400);
    expect(page.html).toContain('<h1>Which request?</h1>');
  });
});
