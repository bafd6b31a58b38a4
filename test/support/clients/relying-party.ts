import { createHash, randomBytes } from 'node:crypto';
import { type Browser, openBrowser, type Page } from '../browsers/browser.ts';

export const ADA = {
  id: '7f3c1f0e-5d0b-4c57-9c5e-0a1b2c3d4e5f',
  email: 'ada@demo.example',
  password: 'correct horse battery staple',
};
export const DEMO_WEB = {
  client_id: 'client_demo_web',
  client_secret: 'demo-web-secret-not-for-production-0001',
  redirect_uri: 'http://127.0.0.1:9999/callback',
};
export const DEMO_SPA = { client_id: 'client_demo_spa', redirect_uri: 'http://127.0.0.1:9999/spa/callback' };

export interface Tokens {
  access_token: string;
  token_type: string;
  expires_in: number;
  refresh_token?: string;
  id_token: string;
  scope: string;
}

export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

/** An answer without its headers. */
export function brief({ status, body }: Pick<Answer, 'status' | 'body'>): {
  status: number;
  body: Record<string, unknown>;
} {
  return { status, body };
}

/** The brief of a refusal (RFC 6749 section 5.2). */
export function refused(error: string, error_description: string, status = 400) {
  return { status, body: { error, error_description } };
}

/** The `error_uri` of an error that the client is told by redirect: the page of its request. */
export function explainedAt(issuer: string): string {
  return expect.stringMatching(`^${issuer.replaceAll('.', '\\.')}/auth/explain\\?request_id=[\\w.-]{1,64}$`);
}

/** The parts that distinguish one refusal from another (RFC 6749 section 5.2). */
export function statusAndError({ status, body }: Pick<Answer, 'status' | 'body'>): {
  status: number;
  error: unknown;
} {
  return { status, error: body.error };
}

/** The address of an authorization request; undefined removes a parameter. */
export function authorizationUrl(
  issuer: string,
  parameters: Record<string, string | undefined> = {},
): string {
  const all = {
    response_type: 'code',
    client_id: DEMO_WEB.client_id,
    redirect_uri: DEMO_WEB.redirect_uri,
    scope: 'openid profile email',
    ...parameters,
  };
  const url = new URL('/auth/authorize', issuer);
  for (const [name, value] of Object.entries(all)) if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}

/** A PKCE pair (RFC 7636). */
export function pkce(): { code_verifier: string; code_challenge: string; code_challenge_method: 'S256' } {
  const code_verifier = randomBytes(32).toString('base64url');
  return {
    code_verifier,
    code_challenge: createHash('sha256').update(code_verifier).digest('base64url'),
    code_challenge_method: 'S256',
  };
}

/** A challenge for a request whose code nobody redeems. */
export function pkceChallenge(): Record<'code_challenge' | 'code_challenge_method', string> {
  const { code_verifier: _verifier, ...challenge } = pkce();
  return challenge;
}

/** Signs in at the authorization endpoint, and consents if asked. Returns the redirect to the client. */
export async function signIn(
  issuer: string,
  {
    browser = openBrowser(),
    parameters = {},
    person = ADA,
  }: {
    browser?: Browser;
    parameters?: Record<string, string | undefined>;
    person?: { email: string; password: string };
  } = {},
): Promise<{ page: Page; callback: URLSearchParams; browser: Browser }> {
  const stopAt = parameters.redirect_uri ?? DEMO_WEB.redirect_uri;
  const first = await browser.follow(await browser.get(authorizationUrl(issuer, parameters)), stopAt);
  const page = await passThrough(first, { browser, person, stopAt });
  if (!page.location) throw new Error(`Signing in ended at ${page.url} with ${page.status}:\n${page.html}`);
  return { page, callback: new URL(page.location).searchParams, browser };
}

/** Signs in and allows, where a page asks, until a redirect leads to `stopAt` or a page is not one of these. */
export async function passThrough(
  page: Page,
  {
    browser,
    person = ADA,
    stopAt,
  }: { browser: Browser; person?: { email: string; password: string }; stopAt?: string | undefined },
): Promise<Page> {
  let current = page;
  if (current.html.includes('name="password"')) {
    const { email, password } = person;
    current = await browser.follow(await browser.submit(current, '/sign-in', { email, password }), stopAt);
  }
  if (current.html.includes('value="allow"')) {
    current = await browser.follow(await browser.submit(current, '/consent', { decision: 'allow' }), stopAt);
  }
  return current;
}

/** A code for `client_demo_web`, by a new browser or one that may be signed in already. */
export async function obtainCode(
  issuer: string,
  parameters: Record<string, string | undefined> = {},
  browser: Browser = openBrowser(),
): Promise<string> {
  const { callback, page } = await signIn(issuer, { parameters, browser });
  const code = callback.get('code');
  if (!code) throw new Error(`No code in ${page.location}`);
  return code;
}

export async function postJson(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return read(
    await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  );
}

export async function postForm(
  url: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return read(await fetch(url, { method: 'POST', headers, body: new URLSearchParams(fields) }));
}

export async function getJson(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return read(await fetch(url, { headers }));
}

/** Exchanges a code as in the guide: JSON, with credentials in the body. */
export function exchange(
  issuer: string,
  code: string,
  more: Record<string, string | null> = {},
): Promise<Answer> {
  return postJson(`${issuer}/auth/token`, { grant_type: 'authorization_code', code, ...DEMO_WEB, ...more });
}

export function refresh(
  issuer: string,
  refreshToken: string,
  more: Record<string, string> = {},
): Promise<Answer> {
  const { client_id, client_secret } = DEMO_WEB;
  return postJson(`${issuer}/auth/token`, {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id,
    client_secret,
    ...more,
  });
}

/** Signs in and exchanges the code: returns the tokens of `client_demo_web`. */
export async function obtainTokens(
  issuer: string,
  parameters: Record<string, string | undefined> = {},
  browser: Browser = openBrowser(),
): Promise<Tokens> {
  const { status, body } = await exchange(issuer, await obtainCode(issuer, parameters, browser));
  if (status !== 200) throw new Error(`The exchange answered ${status}: ${JSON.stringify(body)}`);
  return body as unknown as Tokens;
}

/** Signs in to `client_demo_spa` and exchanges the code as its page would, with `headers`. Returns the answer. */
export async function exchangeAsSpa(
  issuer: string,
  headers: Record<string, string> = {},
  browser: Browser = openBrowser(),
): Promise<Answer> {
  const { code_verifier, ...challenge } = pkce();
  const code = await obtainCode(issuer, { ...DEMO_SPA, ...challenge }, browser);
  const fields = { grant_type: 'authorization_code', code, code_verifier, ...DEMO_SPA };
  return postForm(`${issuer}/auth/token`, fields, headers);
}

export function userinfo(issuer: string, accessToken: string): Promise<Answer> {
  return getJson(`${issuer}/auth/userinfo`, { authorization: `Bearer ${accessToken}` });
}

async function read(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
}
