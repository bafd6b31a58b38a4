import { openBrowser, redirectOf } from '../../support/browsers/browser.ts';
import { ADA } from '../../support/clients/relying-party.ts';
import { aDemoWorld, answerIn, block, heading, notice, press, progress } from './world.ts';

const world = aDemoWorld();
const { issuer, signedIn, beforeCallback } = world;
beforeAll(() => world.start());
afterAll(() => world.close());

describe('the demo', () => {
  it('is where the bare address leads', async () => {
    const page = await openBrowser().get(`${issuer()}/`);
    expect(redirectOf(page)).toEqual({ status: 303, location: `${issuer()}/demo` });
  });

  it('says who to sign in as, and sets no cookie before one does', async () => {
    const page = await openBrowser().get(`${issuer()}/demo`);

    expect(page.status).toBe(200);
    expect(page.html).toContain(ADA.email);
    expect(page.html).toContain(ADA.password);
    expect(page.html).toContain(`href="${issuer()}/demo/sign-in"`);
    expect(page.headers.getSetCookie()).toEqual([]);
  });

  it('leads to the account of the person, and to the mail that the person would get', async () => {
    const browser = openBrowser();
    const page = await browser.get(`${issuer()}/demo`);
    const ways = [...page.html.matchAll(/<a id="(?:account|mail)" href="([^"]+)"/g)].map(([, href]) => href);
    expect(ways).toEqual(['/account/demo', '/demo/mail']);
    expect((await browser.get(`${issuer()}/account/demo`)).location).toContain(`${issuer()}/auth/authorize?`);
    expect(heading(await browser.get(`${issuer()}/demo/mail`))).toBe('Mail');
  });

  it('refuses an address with more parameters than anybody needs, instead of sorting through them', async () => {
    const page = await openBrowser().get(`${issuer()}/demo?${'a&'.repeat(30_000)}`);
    expect(page.status).toBe(400);
  });

  it('starts the authorization code flow with state, nonce and PKCE', async () => {
    const { location = '', headers, status } = await openBrowser().get(`${issuer()}/demo/sign-in`);
    const url = new URL(location);

    expect(status).toBe(303);
    expect(`${url.origin}${url.pathname}`).toBe(`${issuer()}/auth/authorize`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      response_type: 'code',
      client_id: 'client_demo_web',
      redirect_uri: `${issuer()}/demo/callback`,
      scope: 'openid profile email',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
    expect(headers.getSetCookie()).toEqual([
      expect.stringMatching(/^listo_demo=[\w-]{43}; path=\/demo; expires=[^;]+; samesite=lax; httponly$/),
      expect.stringMatching(/^listo_demo\.sig=[\w-]+; path=\/demo; expires=[^;]+; samesite=lax; httponly$/),
    ]);
  });

  it('signs in, and shows the code exchange and the verified ID token', async () => {
    const { page } = await signedIn();

    expect({ url: page.url, status: page.status, heading: heading(page) }).toEqual({
      url: `${issuer()}/demo`,
      status: 200,
      heading: 'Ada Lovelace is signed in',
    });
    expect(progress(page)).toEqual({
      authorization: 'done',
      'code-exchange': 'done',
      'id-token': 'done',
      userinfo: 'next',
      refresh: 'todo',
      'listnr-token': 'todo',
      'listnr-verification': 'todo',
      'sign-out': 'todo',
    });
    const { code } = answerIn(page, 'Authorization: answer');
    const verifier = /-d code_verifier=([\w-]{43}) /.exec(block(page, 'Code exchange: request'))?.[1];
    expect(block(page, 'Code exchange: request')).toBe(
      `CODE='${code}'

curl ${issuer()}/auth/token \\
  --data-urlencode 'redirect_uri=${issuer()}/demo/callback' \\
  -d "code=$CODE" \\
  -d code_verifier=${verifier} \\
  -d grant_type=authorization_code \\
  -d client_id=client_demo_web \\
  -d client_secret=demo-web-secret-not-for-production-0001`,
    );
    expect(answerIn(page, 'Code exchange: answer')).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: expect.any(String),
      id_token: expect.any(String),
      scope: 'openid profile email',
    });
    expect(answerIn(page, 'ID token: claims')).toMatchObject({
      iss: issuer(),
      sub: ADA.id,
      aud: 'client_demo_web',
      nonce: new URLSearchParams(block(page, 'Authorization: request').replaceAll(/\s/g, '')).get('nonce'),
    });
    const kid = answerIn(page, 'ID token: header').kid;
    expect(answerIn(page, 'JWKS of the issuer: answer').keys).toContainEqual(
      expect.objectContaining({ kid }),
    );
  });

  it('calls userinfo with the access token', async () => {
    const { browser, page } = await signedIn();
    const posted = await browser.submit(page, '/demo/userinfo');
    const after = await browser.follow(posted);
    const { access_token } = answerIn(page, 'Code exchange: answer');

    expect({ status: posted.status, location: posted.location }).toEqual({
      status: 303,
      location: `${issuer()}/demo#userinfo`,
    });
    expect(progress(after)).toMatchObject({ userinfo: 'done', refresh: 'next' });
    expect(block(after, 'Userinfo: request')).toBe(
      `ACCESS_TOKEN='${access_token}'

curl ${issuer()}/auth/userinfo \\
  -H "Authorization: Bearer $ACCESS_TOKEN"`,
    );
    const direct = await fetch(`${issuer()}/auth/userinfo`, {
      headers: { authorization: `Bearer ${access_token}` },
    });
    expect(answerIn(after, 'Userinfo: answer')).toEqual(await direct.json());
  });

  it('refreshes, shows what changed, and uses the new tokens', async () => {
    const { browser, page } = await signedIn();
    const before = answerIn(page, 'Code exchange: answer');
    const after = await press(browser, page, 'refresh');
    const tokens = answerIn(after, 'Refresh: answer');
    const ends = [...after.html.matchAll(/class="token-end">([^<]*)</g)].map(([, text]) => text);

    expect(progress(after)).toMatchObject({ userinfo: 'next', refresh: 'done' });
    expect(ends).toEqual(
      ['access_token', 'refresh_token', 'id_token'].flatMap((name) => [
        `…${before[name].slice(-10)}`,
        `…${tokens[name].slice(-10)}`,
      ]),
    );
    expect(tokens.access_token).not.toBe(before.access_token);
    expect(tokens.refresh_token).not.toBe(before.refresh_token);
    const userinfo = await press(browser, after, 'userinfo');
    expect(block(userinfo, 'Userinfo: request')).toContain(tokens.access_token);
  });

  it('gets a LiSTNR token for the ID token, and verifies it', async () => {
    const { browser, page } = await signedIn();
    expect(page.html).toContain('First get a token, in the step before.');
    const issued = await press(browser, page, 'listnr-token');

    expect(block(issued, 'LiSTNR token: request')).toBe(
      `ID_TOKEN='${answerIn(page, 'Code exchange: answer').id_token}'

curl ${issuer()}/v1/listnr-token-provider/issue-token \\
  -H "Authorization: Bearer $ID_TOKEN" \\
  -H 'Content-Type: application/json' \\
  -d '{"client_id":"demo-app","scope":"read:profile"}'`,
    );
    expect(answerIn(issued, 'LiSTNR token: claims')).toEqual({
      iss: issuer(),
      sub: ADA.id,
      aud: 'demo-app',
      scope: 'read:profile',
      email: ADA.email,
      display_name: 'Ada Lovelace',
      first_name: 'Ada',
      iat: expect.any(Number),
      exp: expect.any(Number),
      jti: expect.any(String),
    });

    const verified = await press(browser, issued, 'listnr-verification');
    expect(progress(verified)).toMatchObject({ 'listnr-token': 'done', 'listnr-verification': 'done' });
    expect(block(verified, 'JWKS of LiSTNR: request')).toBe(`curl ${issuer()}/v1/listnr-token-provider/jwks`);
  });

  it('signs out at the issuer too', async () => {
    const { browser, page } = await signedIn();
    const cookie = browser.cookies().filter(({ path }) => path === '/demo');
    const after = await press(browser, page, 'sign-out');

    expect(after.url).toBe(`${issuer()}/demo?state=signed-out`);
    expect(notice(after)).toBe('You are signed out, here and at Listo.');
    expect(browser.cookies().filter(({ name }) => name.startsWith('listo_demo'))).toEqual([]);
    const kept = await openBrowser().get(`${issuer()}/demo`, {
      cookie: cookie.map(({ name, value }) => `${name}=${value}`).join('; '),
    });
    expect(notice(kept)).toBe(
      'The demo keeps a session for an hour, in the memory of the server. Begin again to go on.',
    );
    const again = await browser.follow(await browser.get(`${issuer()}/demo/sign-in`));
    expect(again.html).toContain('name="password"');
  });

  it('takes another session id once somebody has signed in', async () => {
    const { browser, callback } = await beforeCallback();
    const id = () => browser.cookies().find(({ name }) => name === 'listo_demo')?.value;
    const before = id();
    await browser.get(callback.href);

    expect(id()).toEqual(expect.stringMatching(/^[\w-]{43}$/));
    expect(id()).not.toBe(before);
  });

  it('keeps tokens and codes out of the log', async () => {
    const { browser, page } = await signedIn();
    await press(browser, page, 'refresh');
    const { access_token, refresh_token, id_token } = answerIn(page, 'Code exchange: answer');
    const log = JSON.stringify(world.server().logLines());

    for (const secret of [
      access_token,
      refresh_token,
      id_token,
      answerIn(page, 'Authorization: answer').code,
    ]) {
      expect(log).not.toContain(secret);
    }
  });
});
