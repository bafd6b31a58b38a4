import * as oidc from 'openid-client';
import { type Exchange, recordingFetch } from './exchange.ts';

/** The client of config/seeds/demo.sql, where its secret is public, too. */
export const CLIENT_ID = 'client_demo_web';
const CLIENT_SECRET = 'demo-web-secret-not-for-production-0001';
const SCOPE = 'openid profile email';

/** The values that check the answer to an authorization request. They wait in the session that sent it. */
export interface PendingSignIn {
  /** The authorization request to which the browser was sent. */
  url: string;
  state: string;
  nonce: string;
  codeVerifier: string;
}

export interface Tokens {
  accessToken: string;
  refreshToken: string;
  idToken: string;
}

/** A confidential client of the issuer. It records every fetch in the given `record`. */
export interface RelyingParty {
  startSignIn(): Promise<PendingSignIn>;
  /** Exchanges the answer's code, and verifies the ID token. */
  finishSignIn(answer: URL, pending: PendingSignIn, record: Exchange[]): Promise<Tokens>;
  fetchUserinfo(accessToken: string, subject: string, record: Exchange[]): Promise<void>;
  /** Redeems a refresh token. A token that is missing in the answer stays as it was. */
  refresh(tokens: Tokens, record: Exchange[]): Promise<Tokens>;
  signOutUrl(request: { idToken: string; returnTo: string; state: string }): Promise<string>;
}

/** Every method throws openid-client's errors. Their cause is Unreachable when no server answers. */
export function createRelyingParty(issuer: string): RelyingParty {
  const metadata = discoverOnce(issuer);

  async function configuration(record: Exchange[] = []): Promise<oidc.Configuration> {
    const config = new oidc.Configuration(await metadata(), CLIENT_ID, CLIENT_SECRET);
    config[oidc.customFetch] = recordingFetch(record);
    // TLS already vouches for an ID token from the token endpoint. The demo checks the signature to show how.
    oidc.enableNonRepudiationChecks(config);
    if (issuer.startsWith('http:')) oidc.allowInsecureRequests(config);
    return config;
  }

  return {
    async startSignIn() {
      const codeVerifier = oidc.randomPKCECodeVerifier();
      const state = oidc.randomState();
      const nonce = oidc.randomNonce();
      const url = oidc.buildAuthorizationUrl(await configuration(), {
        response_type: 'code',
        client_id: CLIENT_ID,
        redirect_uri: redirectUriOf(issuer),
        scope: SCOPE,
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
      });
      return { url: url.href, state, nonce, codeVerifier };
    },

    async finishSignIn(answer, { state, nonce, codeVerifier }, record) {
      const answered = await oidc.authorizationCodeGrant(await configuration(record), answer, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: codeVerifier,
        idTokenExpected: true,
      });
      return tokensOf(answered, { accessToken: '', refreshToken: '', idToken: '' });
    },

    async fetchUserinfo(accessToken, subject, record) {
      await oidc.fetchUserInfo(await configuration(record), accessToken, subject);
    },

    async refresh(tokens, record) {
      return tokensOf(await oidc.refreshTokenGrant(await configuration(record), tokens.refreshToken), tokens);
    },

    async signOutUrl({ idToken, returnTo, state }) {
      return oidc.buildEndSessionUrl(await configuration(), {
        id_token_hint: idToken,
        post_logout_redirect_uri: returnTo,
        state,
      }).href;
    },
  };
}

export function redirectUriOf(issuer: string): string {
  return `${issuer}/demo/callback`;
}

/** Runs discovery on first use, because the demo is part of the server, which does not listen yet. */
function discoverOnce(issuer: string): () => Promise<oidc.ServerMetadata> {
  let known: oidc.ServerMetadata | undefined;
  return async () => {
    if (!known) {
      const execute = issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : [];
      const found = await oidc.discovery(new URL(issuer), CLIENT_ID, CLIENT_SECRET, undefined, {
        execute,
        [oidc.customFetch]: recordingFetch([]),
      });
      known = found.serverMetadata();
    }
    return known;
  };
}

function tokensOf(answered: oidc.TokenEndpointResponse, before: Tokens): Tokens {
  return {
    accessToken: answered.access_token,
    refreshToken: answered.refresh_token ?? before.refreshToken,
    idToken: answered.id_token ?? before.idToken,
  };
}
