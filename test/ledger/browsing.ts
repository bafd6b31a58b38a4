import { type Browser, openBrowser, type Page } from '../support/browsers/browser.ts';
import { ADA, authorizationUrl, DEMO_WEB } from '../support/clients/relying-party.ts';
import { NOTHING_CAME, type Reply, type Send } from './requests.ts';

/** A journey usually has this many pages. A person waits for each one as long as a backend would. */
const PAGES = 2;

/** A person's browser. Each request says which process serves the issuer. */
export interface Person {
  /** Goes from the authorization request to the code (`body.code`), and types the password when asked. */
  authorize: Send;
  /** Signs out with an ID token as proof. */
  signOut(idToken: string): Send;
}

/** `signedIn` says whether the browser has a session, so that no password may be asked for. */
export function openPerson(issuer: string, signedIn: () => boolean): Person {
  const servedAt: Record<string, string> = {};
  let signal: AbortSignal | undefined;
  const browser = openBrowser({ servedAt, signal: () => signal });
  // A person who reloads a page has left the previous one. Two journeys in one browser would use each other's
  // cookies.
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
        const done = page.location?.startsWith(`${issuer}/auth/logout/success?`);
        return done ? { outcome: 'ok', detail: '303', body: {} } : failed(page);
      }),
  };
}

/** Undefined when the server wrongly asks for a password. */
async function reachCallback(browser: Browser, issuer: string, signedIn: boolean): Promise<Page | undefined> {
  const { redirect_uri } = DEMO_WEB;
  const page = await browser.follow(await browser.get(authorizationUrl(issuer)), redirect_uri);
  if (page.status !== 200 || !page.html.includes('name="password"')) return page;
  if (signedIn) return undefined;
  const { email, password } = ADA;
  return browser.follow(await browser.submit(page, '/sign-in', { email, password }), redirect_uri);
}

/** An unexpected page, or an error that the client received. */
function failed({ status, html, location, headers }: Page): Reply {
  const error = location && (new URL(location).searchParams.get('error') ?? undefined);
  const away =
    error === 'temporarily_unavailable' ||
    (status === 503 && html.includes('temporarily_unavailable') && headers.has('retry-after'));
  const title = /<h1>(.*?)<\/h1>/.exec(html)?.[1]?.replaceAll(/<\/?bdi>/g, '');
  const wrong = status >= 500 || error === 'server_error';
  return {
    outcome: away ? 'unavailable' : wrong ? 'error' : 'refused',
    detail: [status, error ?? title].filter(Boolean).join(' '),
    body: {},
  };
}

function silence(error: { name: string; message: string; cause?: { code?: string } }): Reply {
  // Any other error is a wrong page.
  if (!NOTHING_CAME.includes(error.name))
    return { outcome: 'error', detail: error.message.split('\n')[0] ?? '', body: {} };
  return { outcome: 'silence', detail: error.cause?.code ?? error.name, body: {} };
}
