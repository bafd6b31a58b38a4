import { type Browser, openBrowser, type Page } from '../support/browser.ts';
import { ADA, authorizationUrl, DEMO_WEB } from '../support/relying-party.ts';
import { NOTHING_CAME, type Reply, type Send } from './requests.ts';

/** A journey has so many pages as a rule, for each of which a person would wait as long as a backend. */
const PAGES = 2;

/** A person's browser, which reaches the issuer at whichever process it is led to. */
export interface Person {
  /** From the authorization request to the code, in `body.code`; with the password when asked for it. */
  authorize: Send;
  /** Signs out, proving who asks. */
  signOut(idToken: string): Send;
}

/** `signedIn` says whether the browser has a session, and so must not be asked for a password. */
export function openPerson(issuer: string, signedIn: () => boolean): Person {
  const servedAt: Record<string, string> = {};
  let signal: AbortSignal | undefined;
  const browser = openBrowser({ servedAt, signal: () => signal });
  // Whoever loads a page again has left the one before: two journeys in one browser would take each other's cookies.
  const browse = (journey: () => Promise<Reply>): Send => {
    return async (url, patienceMs) => {
      servedAt[issuer] = url;
      signal = AbortSignal.timeout(PAGES * patienceMs);
      return journey().catch(silence);
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
function failed({ status, html, location, headers }: Page): Reply {
  const error = location && (new URL(location).searchParams.get('error') ?? undefined);
  const away =
    error === 'temporarily_unavailable' ||
    (status === 503 && html.includes('temporarily_unavailable') && headers.has('retry-after'));
  const title = /<h1>([^<]*)<\/h1>/.exec(html)?.[1];
  const wrong = status >= 500 || error === 'server_error';
  return {
    outcome: away ? 'unavailable' : wrong ? 'error' : 'refused',
    detail: [status, error ?? title].filter(Boolean).join(' '),
    body: {},
  };
}

function silence(error: { name: string; message: string; cause?: { code?: string } }): Reply {
  // Anything else is a page that was not as it should be.
  if (!NOTHING_CAME.includes(error.name))
    return { outcome: 'error', detail: error.message.split('\n')[0] ?? '', body: {} };
  return { outcome: 'silence', detail: error.cause?.code ?? error.name, body: {} };
}
