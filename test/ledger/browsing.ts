import { type Browser, openBrowser, type Page } from '../support/browser.ts';
import { ADA, authorizationUrl, DEMO_WEB } from '../support/relying-party.ts';
import type { Reply, Send } from './requests.ts';

/** A person's browser, which reaches the issuer at whichever process it is led to. */
export interface Person {
  /** From the authorization request to the code, in `body.code`; with the password when asked for it. */
  authorize: Send;
  /** Signs out, proving who asks. */
  signOut(idToken: string): Send;
}

/** What a person waits before loading a page again. */
const PATIENCE_MS = 15_000;

/** `signedIn` says whether the browser has a session, and so must not be asked for a password. */
export function openPerson(issuer: string, signedIn: () => boolean): Person {
  const servedAt: Record<string, string> = {};
  const browser = openBrowser({ servedAt });
  const browse = (journey: () => Promise<Reply>): Send => {
    return async (url) => {
      servedAt[issuer] = url;
      return Promise.race([journey().catch(silence), patience()]);
    };
  };
  return {
    authorize: browse(async () => {
      const page = await reachCallback(browser, issuer, signedIn());
      const code = page?.location && new URL(page.location).searchParams.get('code');
      if (!page) return { outcome: 'refused', detail: 'asked to sign in again', body: {} };
      return code ? { outcome: 'ok', detail: '303', body: { code } } : failed(page);
    }),
    signOut: (idToken) =>
      browse(async () => {
        const url = `${issuer}/auth/logout?${new URLSearchParams({ id_token_hint: idToken })}`;
        const page = await browser.get(url);
        const done = page.location === `${issuer}/auth/logout/success`;
        return done ? { outcome: 'ok', detail: '303', body: {} } : failed(page);
      }),
  };
}

/** Undefined when a password is asked for that should not be. */
async function reachCallback(browser: Browser, issuer: string, signedIn: boolean): Promise<Page | undefined> {
  const { redirect_uri } = DEMO_WEB;
  const page = await browser.follow(await browser.get(authorizationUrl(issuer)), redirect_uri);
  if (page.status !== 200 || !page.html.includes('name="password"')) return page;
  if (signedIn) return undefined;
  const { email, password } = ADA;
  return browser.follow(await browser.submit(page, '/sign-in', { email, password }), redirect_uri);
}

/** A page in place of where one wanted to be, or an error that was sent to the client. */
function failed({ status, html, location }: Page): Reply {
  const error = location && (new URL(location).searchParams.get('error') ?? undefined);
  const away =
    error === 'temporarily_unavailable' || (status === 503 && html.includes('temporarily_unavailable'));
  const title = /<h1>([^<]*)<\/h1>/.exec(html)?.[1];
  const wrong = status >= 500 || error === 'server_error';
  return {
    outcome: away ? 'unavailable' : wrong ? 'error' : 'refused',
    detail: [status, error ?? title].filter(Boolean).join(' '),
    body: {},
  };
}

function silence(error: { name: string; message: string; cause?: { code?: string } }): Reply {
  // What fetch could not do is a TypeError; anything else is a page that was not as it should be.
  if (error.name !== 'TypeError')
    return { outcome: 'error', detail: error.message.split('\n')[0] ?? '', body: {} };
  return { outcome: 'silence', detail: error.cause?.code ?? error.name, body: {} };
}

function patience(): Promise<Reply> {
  return new Promise((done) => {
    setTimeout(done, PATIENCE_MS, { outcome: 'silence', detail: 'timeout', body: {} }).unref();
  });
}
