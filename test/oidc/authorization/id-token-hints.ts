import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { Browser, Page } from '../../support/browser.ts';
import { aPerson } from '../../support/factories.ts';
import {
  ADA,
  authorizationUrl,
  DEMO_SPA,
  DEMO_WEB,
  exchange,
  obtainTokens,
  signIn,
} from '../../support/relying-party.ts';
import type { TestServer } from '../../support/test-server.ts';

type Parameters = Record<string, string | undefined>;

export function idTokenHints(server: () => TestServer): void {
  describe('id_token_hint (OIDC Core 3.1.2.1)', () => {
    let signedIn: Browser;
    beforeAll(async () => {
      signedIn = (await signIn(server().url)).browser;
    });

    const ask = (parameters: Parameters, browser = signedIn) =>
      browser.get(authorizationUrl(server().url, { state: 's', ...parameters }));
    const answerOf = ({ location = '' }: Page) => Object.fromEntries(new URL(location).searchParams);
    const told = (error: string, error_description: string) => ({
      error,
      error_description,
      state: 's',
      iss: server().url,
    });
    const GRANTED = ['code', 'state', 'iss'];
    const signInPage = expect.stringMatching(/\/interaction\/[\w-]{43}$/);

    it('of whoever is signed in: no question', async () => {
      const { id_token } = await obtainTokens(server().url, {}, signedIn);
      expect(Object.keys(answerOf(await ask({ id_token_hint: id_token })))).toEqual(GRANTED);
    });

    it('of somebody else: a question, or login_required', async () => {
      const grace = await aPerson(server());
      const { callback } = await signIn(server().url, { person: grace });
      const { body } = await exchange(server().url, String(callback.get('code')));
      const id_token_hint = String(body.id_token);
      expect((await ask({ id_token_hint })).location).toEqual(signInPage);
      expect(answerOf(await ask({ id_token_hint, prompt: 'none' })).error).toBe('login_required');
    });

    it.each([
      ['garbage', () => 'garbage'],
      ['an access token', async () => (await obtainTokens(server().url, {}, signedIn)).access_token],
      ['of another issuer', () => signedElsewhere({ iss: 'https://evil.example' })],
      ['of another client', () => signedElsewhere({ aud: DEMO_SPA.client_id })],
      ["signed by somebody else under our key's name", async () => signedElsewhere({}, await ourKeyId())],
    ])('that does not verify is an error that the client is told: %s', async (_what, hint) => {
      expect(answerOf(await ask({ id_token_hint: await hint() }))).toEqual(
        told('invalid_request', 'could not validate id_token_hint'),
      );
    });

    it('whose key has gone since is believed as far as it makes us stricter', async () => {
      expect(Object.keys(answerOf(await ask({ id_token_hint: await signedElsewhere({}) })))).toEqual(GRANTED);
      const id_token_hint = await signedElsewhere({ sub: 'somebody-else' });
      expect((await ask({ id_token_hint })).location).toEqual(signInPage);
      expect(answerOf(await ask({ id_token_hint, prompt: 'none' })).error).toBe('login_required');
    });

    const ourKeyId = async () => {
      const response = await fetch(`${server().url}/auth/jwks`);
      return ((await response.json()) as { keys: { kid: string }[] }).keys[0]?.kid;
    };

    /** An ID token of ours in all but its key. */
    async function signedElsewhere(claims: object, kid?: string): Promise<string> {
      const { privateKey, publicKey } = await generateKeyPair('RS256');
      const ours = { iss: server().url, aud: DEMO_WEB.client_id, sub: ADA.id, ...claims };
      return new SignJWT(ours)
        .setProtectedHeader({
          alg: 'RS256',
          kid: kid ?? String((await exportJWK(publicKey)).n).slice(0, 43),
        })
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(privateKey);
    }
  });
}
