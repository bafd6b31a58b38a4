import * as oidc from 'openid-client';
import { type FlowClient, redirectUriOf, SCOPE } from './flows.ts';
import { type ConfigurationOf, type Tokens, tokensOf } from './issuer.ts';
import type { Exchange } from './requests/exchange.ts';

/** The values that check the answer to an authorization request. They wait in the session that sent it. */
export interface PendingSignIn {
  /** The client that asked. */
  clientId: string;
  /** The authorization request to which the browser was sent. */
  url: string;
  state: string;
  nonce: string;
  codeVerifier: string;
  /**
   * The codes that came back. After a second click on "Sign in", the browser comes with a second code for the same
   * request, which is as good as the first one. No code is sent twice: that would end its tokens.
   */
  codes: Set<string>;
}

/** A client of the issuer that people are sent from. It records every fetch in the given `record`. */
export interface RelyingParty {
  clientId: string;
  redirectUri: string;
  startSignIn(options?: { prompt?: string | undefined }): Promise<PendingSignIn>;
  /** Exchanges the answer's code, and verifies the ID token. */
  finishSignIn(answer: URL, pending: PendingSignIn, record: Exchange[]): Promise<Tokens>;
  fetchUserinfo(accessToken: string, subject: string, record: Exchange[]): Promise<void>;
  /** Redeems a refresh token. A token that is missing in the answer stays as it was. */
  refresh(tokens: Tokens, record: Exchange[]): Promise<Tokens>;
  signOutUrl(request: { idToken: string; returnTo: string; state: string }): Promise<string>;
}

/** Every method throws openid-client's errors. Their cause is Unreachable when no server answers. */
export function createRelyingParty(
  issuer: string,
  client: FlowClient,
  configuration: ConfigurationOf,
): RelyingParty {
  const redirectUri = redirectUriOf(issuer, client);

  return {
    clientId: client.id,
    redirectUri,

    async startSignIn({ prompt } = {}) {
      const codeVerifier = oidc.randomPKCECodeVerifier();
      const state = oidc.randomState();
      const nonce = oidc.randomNonce();
      const url = oidc.buildAuthorizationUrl(await configuration(client), {
        response_type: 'code',
        client_id: client.id,
        redirect_uri: redirectUri,
        scope: SCOPE,
        ...(prompt === undefined ? {} : { prompt }),
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
      });
      return { clientId: client.id, url: url.href, state, nonce, codeVerifier, codes: new Set() };
    },

    async finishSignIn(answer, { state, nonce, codeVerifier }, record) {
      const answered = await oidc.authorizationCodeGrant(await configuration(client, record), answer, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: codeVerifier,
        idTokenExpected: true,
      });
      return tokensOf(answered);
    },

    async fetchUserinfo(accessToken, subject, record) {
      await oidc.fetchUserInfo(await configuration(client, record), accessToken, subject);
    },

    async refresh(tokens, record) {
      const config = await configuration(client, record);
      return tokensOf(await oidc.refreshTokenGrant(config, tokens.refreshToken), tokens);
    },

    async signOutUrl({ idToken, returnTo, state }) {
      return oidc.buildEndSessionUrl(await configuration(client), {
        id_token_hint: idToken,
        post_logout_redirect_uri: returnTo,
        state,
      }).href;
    },
  };
}
