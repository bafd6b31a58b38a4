import { freePort } from '../../../scripts/free-port.ts';
import { openBrowser, redirectOf, statusAndMessage } from '../../support/browsers/browser.ts';
import { explainedAt } from '../../support/clients/relying-party.ts';
import type { TestClient } from '../../support/registrations/factories.ts';
import type { TestServer } from '../../support/servers/test-server.ts';
import { withStillTime } from '../../support/time/still-time.ts';
import { UPSTREAM_SECRET, type UpstreamIdp } from '../../support/upstream/upstream-idp.ts';
import {
  AWAY,
  answerOf,
  CLIENT,
  CODE,
  somebody,
  startUpstreamWorld,
  UNUSABLE,
  type UpstreamWorld,
} from '../../support/upstream/upstream-world.ts';

let world: UpstreamWorld;
let server: TestServer;
let idp: UpstreamIdp;
let open: TestClient;
beforeAll(async () => {
  world = await startUpstreamWorld();
  ({ server, idp } = world);
  open = await world.aTenant('open', { first_sign_in: 'create' });
});
afterAll(() => world.close());
beforeEach(() => {
  idp.alterIdToken = undefined;
  idp.signsWithUnknownKey = false;
  idp.tokenEndpoint = 'up';
  idp.userinfo = 'up';
});

describe('an answer that says no', () => {
  it('is told to the application', async () => {
    expect(answerOf(await world.signIn(open, undefined))).toEqual({
      error: 'access_denied',
      error_description: 'Signing in was refused or cancelled',
      state: 'kept',
      iss: server.url,
      error_uri: explainedAt(server.url),
    });
  });

  it.each([
    ['temporarily_unavailable', AWAY],
    ['server_error', AWAY],
    ['invalid_scope', UNUSABLE],
    ['<script>', UNUSABLE],
  ])('because of %s is a page', async (error, expected) => {
    const browser = openBrowser();
    const callback = await world.callbackOf(open, somebody(), browser);
    callback.searchParams.delete('code');
    callback.searchParams.set('error', error);
    expect(statusAndMessage(await browser.follow(await browser.get(callback.href)))).toEqual(expected);
    const line = server
      .logLines()
      .findLast(({ path }) => String(path).startsWith('/interaction/:uid/upstream/'));
    expect(line?.detail).toBe(
      error === '<script>' ? "the standards do not allow the answer of the customer's provider" : error,
    );
  });
});

describe('a provider that is away', () => {
  it('when the sign-in starts, is a page that says when to try again, and works then', async () => {
    const port = await freePort();
    const client = await world.aTenant('away', {
      issuer: `http://localhost:${port}`,
      first_sign_in: 'create',
    });
    const browser = openBrowser();
    const page = await browser.follow(await world.authorize(browser, client));
    expect(statusAndMessage(page)).toEqual(AWAY);
    expect(page.headers.get('retry-after')).toBe('10');

    await server.database
      .knex('upstream_providers')
      .where({ instance_id: 'away' })
      .update({ issuer: idp.issuer });
    server.services.registration.clear();
    idp.person = somebody();
    expect(answerOf(await browser.follow(await browser.get(page.url), CLIENT))).toEqual(CODE);
  });

  it.each(['cut off', 'failing'] as const)(
    '(%s) when the answer is redeemed, is the same page',
    async (how) => {
      idp.tokenEndpoint = how;
      const page = await world.signIn(open, somebody());
      expect(statusAndMessage(page)).toEqual(AWAY);
      expect(page.headers.get('retry-after')).toBe('10');
    },
  );
});

describe('an answer that could be forged', () => {
  it('is taken once', async () => {
    const browser = openBrowser();
    const callback = await world.callbackOf(open, somebody(), browser);
    const forwarded = await browser.get(callback.href);
    const answers = await Promise.all([
      browser.get(forwarded.location ?? ''),
      browser.get(forwarded.location ?? ''),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 400]);
    expect(statusAndMessage(await browser.follow(await browser.get(callback.href)))).toEqual(UNUSABLE);
  });

  it('is refused in another browser, which would be signed in as somebody else', async () => {
    const callback = await world.callbackOf(open, somebody(), openBrowser());
    const victim = openBrowser();
    const page = await victim.follow(await victim.get(callback.href));
    expect(page.status).toBe(400);
    expect(answerOf(await world.authorize(victim, open, { prompt: 'none' })).error).toBe('login_required');
  });

  it('is refused with the state of another sign-in, a changed one, or none', async () => {
    const browser = openBrowser();
    const one = await world.callbackOf(open, somebody(), browser);
    const other = await world.callbackOf(open, somebody(), browser);
    const [uid] = (one.searchParams.get('state') ?? '').split('.');
    const changes: ((url: URL) => void)[] = [
      (url) => url.searchParams.set('state', `${uid}.changed-state-that-nobody-issued`),
      (url) => url.searchParams.append('state', 'twice'),
      (url) => url.searchParams.delete('state'),
      (url) => url.searchParams.set('state', '..%2f..%2fevil'),
    ];
    for (const change of changes) {
      const url = new URL(one);
      change(url);
      // Without the sign-in, the page cannot lead back to it.
      expect(statusAndMessage(await browser.follow(await browser.get(url.href)))).toEqual({
        ...UNUSABLE,
        message: expect.stringContaining(UNUSABLE.message),
      });
    }
    const crossed = await browser.get(`${server.url}/interaction/${uid}/upstream/open${other.search}`);
    expect(statusAndMessage(crossed)).toEqual(UNUSABLE);
  });

  it.each([
    ['the code of somebody else', (url: URL) => url.searchParams.set('code', 'injected')],
    ['no code', (url: URL) => url.searchParams.delete('code')],
    ['two codes', (url: URL) => url.searchParams.append('code', 'another')],
    ['the issuer of another provider', (url: URL) => url.searchParams.set('iss', 'https://evil.example')],
    ['no issuer, though the provider says it sends one', (url: URL) => url.searchParams.delete('iss')],
  ])('is refused with %s', async (_what, change) => {
    const browser = openBrowser();
    const callback = await world.callbackOf(open, somebody(), browser);
    change(callback);
    expect(statusAndMessage(await browser.follow(await browser.get(callback.href), CLIENT))).toEqual(
      UNUSABLE,
    );
  });

  it('is refused with a code that was asked for under another nonce', async () => {
    const browser = openBrowser();
    idp.person = somebody();
    const started = await browser.follow(await world.authorize(browser, open), idp.issuer);
    const changed = new URL(started.location ?? '');
    changed.searchParams.set('nonce', 'of-the-attacker');
    const page = await browser.follow(await browser.get(changed.href), CLIENT);
    expect(statusAndMessage(page)).toEqual(UNUSABLE);
  });

  it.each([
    ['of another issuer', { iss: 'https://evil.example' }],
    ['for another client', { aud: 'somebody-else' }],
    ['that has expired', { exp: 1 }],
    ['without a subject', { sub: undefined }],
    ['whose subject is too long', { sub: 'x'.repeat(256) }],
  ])('is refused with an ID token %s', async (_what, change) => {
    idp.alterIdToken = (claims) => ({ ...claims, ...change }) as typeof claims;
    idp.userinfo = 'refusing';
    expect(statusAndMessage(await world.signIn(open, somebody()))).toEqual(UNUSABLE);
  });

  it('is refused with an ID token that the provider did not sign', async () => {
    idp.signsWithUnknownKey = true;
    expect(statusAndMessage(await world.signIn(open, somebody()))).toEqual(UNUSABLE);
  });

  it('is refused ten minutes after it was asked for', async () => {
    const browser = openBrowser();
    const callback = await world.callbackOf(open, somebody(), browser);
    await withStillTime(async (time) => {
      time.forward(10 * 60 + 1);
      expect(statusAndMessage(await browser.follow(await browser.get(callback.href), CLIENT))).toEqual(
        UNUSABLE,
      );
    });
  });

  // RFC 9700 section 4.4.2: a hostile provider sends the browser to an honest one, and waits for its code.
  it('is refused at the address of another instance, and its code is taken nowhere', async () => {
    const browser = openBrowser();
    const callback = await world.callbackOf(open, somebody(), browser);
    callback.pathname = callback.pathname.replace(/[^/]+$/, 'another');
    const redeemed = idp.authorizations.length;
    expect(statusAndMessage(await browser.follow(await browser.get(callback.href), CLIENT))).toEqual(
      UNUSABLE,
    );
    expect(idp.authorizations.length).toBe(redeemed);
  });

  it('leads nowhere but to a page of ours', async () => {
    const state = 'https://evil.example/aaaaaaaaaa.bbbb';
    const page = await openBrowser().get(
      `${server.url}/auth/upstream/callback/any?${new URLSearchParams({ state })}`,
    );
    expect(redirectOf(page)).toEqual({ status: 400, location: undefined });
    const broken = await openBrowser().get(`${server.url}/auth/upstream/callback/any?state=%zz`);
    expect(broken.status).toBe(400);
  });
});

describe('what is kept of a sign-in under way', () => {
  it('says nothing to whoever reads the database', async () => {
    const browser = openBrowser();
    idp.person = somebody();
    const started = await browser.follow(await world.authorize(browser, open), idp.issuer);
    const { state, nonce, code_challenge } = Object.fromEntries(new URL(started.location ?? '').searchParams);
    const rows = JSON.stringify(await server.database.knex('upstream_sign_ins').select());
    for (const secret of [state, nonce, code_challenge]) expect(rows).not.toContain(secret);
    const [{ client_secret_sealed }] = await server.database
      .knex('upstream_providers')
      .where({ instance_id: 'open' });
    expect(client_secret_sealed).toMatch(/^sealed:v1:/);
    const log = JSON.stringify(server.logLines());
    for (const secret of [UPSTREAM_SECRET, state, nonce]) expect(log).not.toContain(secret);
  });
});
