import { decodeProtectedHeader } from 'jose';
import { dropCompromisedKeys, rotateKeys } from '../../../src/keys/rotate-keys.ts';
import type { Browser, Page } from '../../support/browsers/browser.ts';
import {
  authorizationUrl,
  exchange,
  getJson,
  signIn,
  type Tokens,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { askToken, DEMO_APP } from '../../support/clients/token-provider.ts';
import { runOn } from '../../support/registrations/command-line.ts';
import { runJob } from '../../support/servers/run-job.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** A process does this once a second. */
const followChanges = () => runJob(server, 'watch-versions');
const table = (name: string) => server.database.knex(name);

/** Carries out what is due for the keys of OpenID Connect, with these lifetimes instead of the usual ones. */
const rotate = (lifetimes: { retirementSeconds?: number } = {}, options = {}) => {
  const { rotation } = server.services;
  const policy = { ...rotation.policy, publicationSeconds: 0, ...lifetimes };
  return rotateKeys('oidc', { ...rotation, policy }, options);
};

/** Signs in, and lets another key sign from then on. The key that signed the ID token is retired. */
async function tokensOfRetiredKey() {
  const { browser, callback } = await signIn(server.url);
  const tokens = (await exchange(server.url, String(callback.get('code')))).body as unknown as Tokens;
  await rotate({}, { force: true });
  await rotate();
  return { browser, tokens, kid: String(decodeProtectedHeader(tokens.id_token).kid) };
}

/** The same, and the key has been removed. */
async function tokensOfPastKey() {
  const signedIn = await tokensOfRetiredKey();
  await rotate({ retirementSeconds: 0 });
  await followChanges();
  return signedIn;
}

const signOutUrl = ({ id_token }: Tokens) => `${server.url}/auth/logout?id_token_hint=${id_token}`;
const isSignedOut = (page: Page) => page.location?.startsWith(`${server.url}/auth/logout/success?`) === true;
/** Whether the person is asked, since the hint proves nothing. */
async function asksFirst(browser: Browser, tokens: Tokens): Promise<boolean> {
  const page = await browser.follow(await browser.get(signOutUrl(tokens)));
  return page.html.includes('<h1>Sign out?</h1>');
}

const kidsOf = async (name: string) => (await table(name).orderBy('kid').select('kid')).map(({ kid }) => kid);

describe('the public half of a key that a rotation removed', () => {
  it('is kept for a year, without anything private', async () => {
    const { kid } = await tokensOfRetiredKey();
    const { public_jwk } = await table('signing_keys').where({ kid }).first('public_jwk');
    expect(await kidsOf('past_public_keys')).not.toContain(kid);
    const before = Date.now();
    await rotate({ retirementSeconds: 0 });
    const { expires_at: expiresAt, ...row } = await table('past_public_keys').where({ kid }).first();
    expect(row).toEqual({ kid, alg: 'RS256', public_jwk });
    expect(Object.keys(public_jwk).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
    const days = (expiresAt.getTime() - before) / (24 * 60 * 60 * 1000);
    expect(Math.round(days)).toBeGreaterThanOrEqual(365);
    expect(Math.round(days)).toBeLessThanOrEqual(366);
  });

  it('verifies a hint, so that signing out needs no question', async () => {
    const { browser, tokens } = await tokensOfPastKey();
    expect(isSignedOut(await browser.get(signOutUrl(tokens)))).toBe(true);
  });

  it('tells a forged hint from a real one at authorize', async () => {
    const { browser, tokens } = await tokensOfPastKey();
    const answerTo = async (id_token_hint: string) => {
      const { location = '' } = await browser.get(
        authorizationUrl(server.url, { id_token_hint, prompt: 'none' }),
      );
      return new URL(location).searchParams.get('error') ?? 'granted';
    };
    expect(await answerTo(tokens.id_token)).toBe('granted');
    expect(await answerTo(`${tokens.id_token.slice(0, -6)}AAAAAA`)).toBe('invalid_request');
  });

  it('verifies nothing else: no access token, no ID token at LiSTNR, and no JWKS has it', async () => {
    const { tokens, kid } = await tokensOfPastKey();
    expect((await userinfo(server.url, tokens.access_token)).status).toBe(401);
    const answer = await askToken(server, `Bearer ${tokens.id_token}`, { client_id: DEMO_APP });
    expect(answer.body).toMatchObject({ error: 'invalid_token' });
    expect(JSON.stringify((await getJson(`${server.url}/auth/jwks`)).body)).not.toContain(kid);
  });

  it('is kept as well by a process of the release before, which only deletes the row', async () => {
    const { browser, tokens, kid } = await tokensOfRetiredKey();
    await table('signing_keys').where({ kid }).delete();
    await followChanges();
    expect(isSignedOut(await browser.get(signOutUrl(tokens)))).toBe(true);
  });

  it('is deleted after a year', async () => {
    const { browser, tokens, kid } = await tokensOfPastKey();
    await table('past_public_keys')
      .where({ kid })
      .update({ expires_at: new Date(0) });
    await runJob(server, 'housekeeping');
    await followChanges();
    expect(await kidsOf('past_public_keys')).not.toContain(kid);
    expect(await asksFirst(browser, tokens)).toBe(true);
  });

  it('is not kept of a key of LiSTNR', async () => {
    const { rotation, keyRings } = server.services;
    const { kid } = keyRings.listnr.current;
    const policy = { ...rotation.policy, publicationSeconds: 0, retirementSeconds: 0 };
    await rotateKeys('listnr', { ...rotation, policy }, { force: true });
    await rotateKeys('listnr', { ...rotation, policy });
    await rotateKeys('listnr', { ...rotation, policy });
    expect(await table('signing_keys').where({ kid })).toEqual([]);
    expect(await kidsOf('past_public_keys')).not.toContain(kid);
  });
});

describe('a key that somebody else may have', () => {
  it('is dropped while it signs: nothing of it is kept, and its hints prove nothing', async () => {
    const { browser, callback } = await signIn(server.url);
    const { body } = await exchange(server.url, String(callback.get('code')));
    const { kid } = server.services.keyRings.oidc.current;
    await dropCompromisedKeys('oidc', server.services.rotation);
    await followChanges();
    expect([...(await kidsOf('signing_keys')), ...(await kidsOf('past_public_keys'))]).not.toContain(kid);
    expect(await asksFirst(browser, body as unknown as Tokens)).toBe(true);
  });

  const drop = (kid: string) => runOn(server.database, ['keys', 'drop', 'oidc', kid]);
  const DROPPED = {
    code: 0,
    out: ['Dropped. Every process follows within seconds, verifiers when their cache ends.'],
    err: '',
  };

  it.each([
    ['retired', tokensOfRetiredKey],
    ['past', tokensOfPastKey],
  ])('is dropped by its kid when it is %s', async (state, signedIn) => {
    const { browser, tokens, kid } = await signedIn();
    const { out } = await runOn(server.database, ['keys', 'list', 'oidc']);
    expect(out.filter((line) => line.includes(kid)).map((line) => line.split(' ')[0])).toEqual([state]);
    expect(await drop(kid)).toEqual(DROPPED);
    await followChanges();
    expect([...(await kidsOf('signing_keys')), ...(await kidsOf('past_public_keys'))]).not.toContain(kid);
    expect(await asksFirst(browser, tokens)).toBe(true);
  });

  it('is dropped by its kid when it signs, and another key takes its place', async () => {
    const { kid } = server.services.keyRings.oidc.current;
    const [other = ''] = (await runOn(server.database, ['keys', 'rotate', 'oidc'])).out;
    expect(other).toMatch(/^Published the next RS256 key/);
    expect(await drop(kid)).toEqual(DROPPED);
    const { out } = await runOn(server.database, ['keys', 'list', 'oidc']);
    expect(out.map((line) => line.split(' ')[0])).toEqual(expect.arrayContaining(['current']));
    expect(out.map((line) => line.split(' ')[0])).not.toContain('next');
    expect(out.join()).not.toContain(kid);
  });

  it.each(['-', '--'])('is dropped by a kid that begins like an option: %s', async (hyphens) => {
    const kid = hyphens.padEnd(43, 'a');
    const key = await table('signing_keys').first('alg', 'public_jwk');
    await table('past_public_keys').insert({ kid, ...key });
    expect(await drop(kid)).toEqual(DROPPED);
    expect(await table('past_public_keys').where({ kid })).toEqual([]);
  });

  it('is not dropped for a kid that nothing has', async () => {
    const [, , listnr = ''] =
      (await runOn(server.database, ['keys', 'list', 'listnr'])).out[0]?.split(' ') ?? [];
    for (const kid of ['unknown', listnr]) {
      expect(await drop(kid)).toEqual({
        code: 1,
        out: [],
        err: 'No key of oidc has this kid; npx listo keys list oidc shows them.\n',
      });
    }
  });
});
