import {
  type Browser,
  openBrowser,
  type Page,
  redirectOf,
  statusAndMessage,
} from '../support/browsers/browser.ts';
import { ADA, authorizationUrl, DEMO_SPA, DEMO_WEB, pkce, signIn } from '../support/clients/relying-party.ts';
import { aClient, anInstance } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { withStillTime } from '../support/time/still-time.ts';

const ISSUER = 'https://login.example';
const CLIENT = DEMO_WEB.redirect_uri;
const credentials = { email: ADA.email, password: ADA.password };
const MINUTE_MS = 60 * 1000;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ env: { ISSUER } });
});
afterAll(() => server.close());

function visitor(headers: Record<string, string> = {}): Browser {
  return openBrowser({ headers, servedAt: { [ISSUER]: `http://localhost:${server.port}` } });
}

async function openSignIn(
  browser: Browser,
  parameters: Record<string, string | undefined> = {},
): Promise<Page> {
  return browser.follow(await browser.get(authorizationUrl(ISSUER, parameters)), CLIENT);
}

const OVER = {
  status: 400,
  message:
    'It was open for too long, was already used, was one of too many from your network, or belongs to another browser.',
};
const EXPIRED_FORM = {
  status: 403,
  message: 'Somebody else signed in with this browser since it was opened, or it was opened in another one.',
};

const FOREIGN_FORM = {
  status: 403,
  message: `Forms are taken only from pages at ${ISSUER}.`,
};

/** The id of the interaction in an address of it. */
function uidOf(address: string | undefined): string {
  return new URL(address ?? '').pathname.split('/').at(2) ?? 'none';
}

/** The address of a step of the interaction whose page this is. */
function stepOf({ url }: Page, step: string): string {
  return `${ISSUER}/interaction/${uidOf(url)}/${step}`;
}

interface Cookie {
  name: string;
  attributes: string;
  expiresInMinutes: number;
  maxAgeMinutes: number;
}

describe('the cookies of a browser', () => {
  /** The cookies' names and attributes without their changing parts, and both of their lifetimes in minutes. */
  function cookiesOf(page: Page): Cookie[] {
    const uid = uidOf(page.location);
    return page.headers.getSetCookie().map((cookie) => {
      const [pair = '', ...attributes] = cookie.split('; ');
      const saidBy = (name: string) =>
        attributes.find((attribute) => attribute.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
      return {
        name: pair.split('=')[0] ?? '',
        attributes: attributes
          .filter((attribute) => !/^(expires|max-age)=/.test(attribute))
          .join('; ')
          .replace(uid, 'UID'),
        expiresInMinutes: Math.round((Date.parse(saidBy('expires')) - Date.now()) / MINUTE_MS),
        maxAgeMinutes: Math.round(Number(saidBy('max-age')) / 60),
      };
    });
  }

  it('hold an interaction to its own paths, for an hour', async () => {
    const page = await visitor().get(authorizationUrl(ISSUER));
    const cookie = (name: string, path: string) => ({
      name,
      attributes: `path=${path}; samesite=lax; secure; httponly`,
      expiresInMinutes: 60,
      maxAgeMinutes: 60,
    });
    expect(cookiesOf(page)).toEqual([
      cookie('__Secure-listo_interaction', '/interaction/UID'),
      cookie('__Secure-listo_interaction.sig', '/interaction/UID'),
      cookie('__Secure-listo_resume', '/auth/authorize/UID'),
      cookie('__Secure-listo_resume.sig', '/auth/authorize/UID'),
    ]);
  });

  it('hold a session to this host, for fourteen days, one for each instance', async () => {
    const browser = visitor();
    const posted = await browser.submit(await openSignIn(browser), '/sign-in', credentials);
    const resumed = await browser.get(posted.location ?? '');
    const session = cookiesOf(resumed).filter(({ name }) => name.includes('session'));
    const common = {
      attributes: 'path=/; samesite=lax; secure; httponly',
      expiresInMinutes: 14 * 24 * 60,
      maxAgeMinutes: 14 * 24 * 60,
    };
    expect(session).toEqual([
      { name: '__Host-listo_session_demo', ...common },
      { name: '__Host-listo_session_demo.sig', ...common },
    ]);
  });
});

describe('the headers of a page', () => {
  const policy = (more: { form: string; images?: string }) =>
    `default-src 'none';style-src 'self';img-src 'self'${more.images ?? ''};form-action 'self'${more.form};base-uri 'none';frame-ancestors 'none'`;
  /** A sign-in page has one script of ours, for passkeys. */
  const withScript = (more: Parameters<typeof policy>[0]) => `${policy(more)};script-src 'self'`;

  function headersOf({ headers }: Page): Record<string, string> {
    const {
      date,
      connection,
      'keep-alive': _k,
      'content-length': _l,
      'x-request-id': _r,
      ...rest
    } = Object.fromEntries([...headers].filter(([name]) => name !== 'set-cookie'));
    return rest;
  }

  /** The headers of a page without a form. */
  const PAGE = {
    'cache-control': 'no-store',
    'content-type': 'text/html; charset=utf-8',
    'origin-agent-cluster': '?1',
    'referrer-policy': 'no-referrer',
    'strict-transport-security': 'max-age=31536000',
    'x-content-type-options': 'nosniff',
    'x-dns-prefetch-control': 'off',
    'x-download-options': 'noopen',
    'x-frame-options': 'DENY',
    'x-permitted-cross-domain-policies': 'none',
    'x-xss-protection': '0',
  };

  /** A page with a form lets browsers name its origin. */
  const FORM = { ...PAGE, 'referrer-policy': 'same-origin' };

  it('keep it out of caches and frames, and let its form lead nowhere but to the application', async () => {
    const instance = await anInstance(server, { logo_uri: 'https://cdn.example/logo.svg?v=1' });
    const clients = [
      [DEMO_WEB, { form: ' http:' }],
      [await aClient(server, { redirect_uris: ['https://app.example/callback?a=1'] }), { form: ' https:' }],
      [
        await aClient(server, { application_type: 'native', redirect_uris: ['com.example.app:/callback'] }),
        { form: ' com.example.app:' },
      ],
      [await aClient(server, { instance_id: instance }), { form: ' http:', images: ' https://cdn.example' }],
      [
        await aClient(server, { instance_id: instance, logo_uri: 'https://app.example:8443/a,b;c.svg?d=e' }),
        { form: ' http:', images: ' https://app.example:8443 https://cdn.example' },
      ],
      // A row that nobody can read as an address costs no page.
      [await aClient(server, { logo_uri: 'https://app.example:99999/a.svg' }), { form: ' http:' }],
    ] as const;
    for (const [{ client_id, redirect_uri }, more] of clients) {
      const page = await openSignIn(visitor(), { client_id, redirect_uri });
      expect(page.status).toBe(200);
      expect(headersOf(page)).toEqual({ ...FORM, 'content-security-policy': withScript(more) });
    }
  });

  it('are as strict when it asks for consent, after a wrong password, and when it is an error', async () => {
    const browser = visitor();
    const signInPage = await openSignIn(browser);
    const wrong = await browser.submit(signInPage, '/sign-in', { ...credentials, password: 'wrong' });
    const forbidden = await browser.submit(signInPage, '/sign-in', { csrf: 'wrong' });
    const { code_verifier: _secret, ...challenge } = pkce();
    await signIn(ISSUER, { browser });
    const consent = await openSignIn(browser, { ...DEMO_SPA, ...challenge });
    const unknown = await openSignIn(visitor(), { client_id: 'unknown' });
    const missing = await visitor().get(`${ISSUER}/interaction/no-such-interaction`);
    const strict = { ...PAGE, 'content-security-policy': policy({ form: '' }) };
    const towardsClient = { ...FORM, 'content-security-policy': policy({ form: ' http:' }) };
    for (const [page, status, headers] of [
      [wrong, 401, { ...FORM, 'content-security-policy': withScript({ form: ' http:' }) }],
      [consent, 200, towardsClient],
      [forbidden, 403, strict],
      [unknown, 400, strict],
      [missing, 400, strict],
    ] as const)
      expect({ status: page.status, headers: headersOf(page) }).toEqual({ status, headers });
  });
});

describe('a form', () => {
  it('is refused without its token, with a wrong one, or with that of another interaction', async () => {
    const browser = visitor();
    const page = await openSignIn(browser);
    const other = await openSignIn(visitor());
    const foreign = /name="csrf" value="([^"]*)"/.exec(other.html)?.[1] ?? '';
    for (const csrf of ['', 'wrong', foreign]) {
      expect(statusAndMessage(await browser.submit(page, '/sign-in', { ...credentials, csrf }))).toEqual(
        EXPIRED_FORM,
      );
      expect(statusAndMessage(await browser.submit(page, '/abort', { csrf }))).toEqual(EXPIRED_FORM);
    }
    expect((await openSignIn(browser)).html).toContain('name="password"');
  });

  it.each(['cross-site', 'same-site'])('is refused when the browser says that it is %s', async (site) => {
    const browser = visitor({ 'sec-fetch-site': site });
    const page = await openSignIn(browser);
    expect(statusAndMessage(await browser.submit(page, '/sign-in', credentials))).toEqual(FOREIGN_FORM);
    expect(statusAndMessage(await browser.submit(page, '/abort'))).toEqual(FOREIGN_FORM);
  });

  it('is refused as anything but a form', async () => {
    const browser = visitor();
    const page = await openSignIn(browser);
    const answer = await browser.post(stepOf(page, 'sign-in'), {}, { 'content-type': 'text/plain' });
    expect(answer.status).toBe(415);
  });

  it('of a step that is not due leads to the one that is', async () => {
    const browser = visitor();
    const page = await openSignIn(browser);
    const csrf = /name="csrf" value="([^"]*)"/.exec(page.html)?.[1] ?? '';
    const early = await browser.post(stepOf(page, 'consent'), { csrf, decision: 'allow' });
    expect(redirectOf(early)).toEqual({ status: 303, location: page.url });
    const foreign = await browser.get(stepOf(page, 'upstream/demo?code=1&state=2'));
    expect(redirectOf(foreign)).toEqual({ status: 303, location: page.url });
  });

  it('sent four times at once signs in, and leads the others on or asks them to sign in', async () => {
    const browser = visitor();
    const page = await openSignIn(browser);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => browser.submit(page, '/sign-in', credentials)),
    );
    expect(answers.map(({ status }) => status)).toEqual([303, 303, 303, 303]);
    const resumed = await Promise.all(answers.map((answer) => browser.follow(answer, CLIENT)));
    const outcomes = resumed.map(({ status, location }) =>
      location?.startsWith(`${CLIENT}?code=`) ? 'signed in' : status,
    );
    expect(outcomes).toContain('signed in');
    // Those who came back before the browser had its session see the form once more.
    expect(outcomes.filter((outcome) => outcome !== 'signed in' && outcome !== 200)).toEqual([]);
  });
});

describe('an interaction', () => {
  it('is refused to another browser, which has not its cookie, to see or to use', async () => {
    const page = await openSignIn(visitor());
    const stranger = visitor();
    expect(statusAndMessage(await stranger.follow(await stranger.get(page.url)))).toEqual(OVER);
    for (const answer of [
      await stranger.submit(page, '/sign-in', credentials),
      await stranger.submit(page, '/abort'),
    ])
      expect(statusAndMessage(await stranger.follow(answer))).toEqual({
        status: 400,
        message:
          'Signing in needs the cookie that came with the page. It was deleted since, or the browser held it back.',
      });
  });

  it('is refused to whoever brings the cookie of another one, or writes one', async () => {
    const browser = visitor();
    await openSignIn(browser);
    const own = browser
      .cookies()
      .filter(({ name }) => name.startsWith('__Secure-listo_interaction'))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
    const page = await openSignIn(visitor());
    for (const cookie of [own, `__Secure-listo_interaction=${uidOf(page.url)}`]) {
      const thief = visitor({ cookie });
      expect(statusAndMessage(await thief.follow(await thief.get(page.url)))).toEqual(OVER);
    }
  });

  it('is over after an hour', async () => {
    const browser = visitor();
    const page = await openSignIn(browser);
    await withStillTime(async (time) => {
      time.forward(59 * 60);
      expect((await browser.submit(page, '/sign-in', credentials)).status).toBe(303);
      time.forward(2 * 60);
      // The cookie goes with it. A browser that has kept it asks again.
      expect(statusAndMessage(await visitor().submit(page, '/sign-in', credentials))).toEqual(OVER);
      const again = await browser.follow(await browser.submit(page, '/sign-in', credentials));
      expect({ status: again.status, asks: again.html.includes('name="password"') }).toEqual({
        status: 200,
        asks: true,
      });
    });
  });

  it('leads back to the issuer, whatever host the request names', async () => {
    const browser = visitor({ 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' });
    const posted = await browser.submit(await openSignIn(browser), '/sign-in', credentials);
    expect(posted.headers.get('location')).toMatch(/^https:\/\/login\.example\/auth\/authorize\/[\w-]+$/);
  });
});
