import { randomBytes } from 'node:crypto';
import * as openid from 'openid-client';
import type { PersonStore } from '../../accounts/person-store.ts';
import type { UpstreamProvider } from '../../instances/instance.ts';
import type { SignInResult } from '../authenticator.ts';
import { createUpstreamConfigurations } from './upstream-configuration.ts';
import { explainUpstreamFailure, UpstreamUnavailable } from './upstream-failure.ts';
import { identify } from './upstream-identity.ts';
import { mappedClaims } from './upstream-profile.ts';

export interface UpstreamAuthenticator {
  /** Where to send the browser. @throws UpstreamUnavailable when discovery fails. */
  start(
    provider: UpstreamProvider,
    request: UpstreamRequest,
  ): Promise<{ url: URL; attempt: UpstreamAttempt }>;
  /**
   * Completes with what the browser brought back: signature, `iss`, `aud`, nonce, PKCE and state are checked.
   * @throws UpstreamUnavailable when the provider does not answer.
   */
  finish(provider: UpstreamProvider, answer: UpstreamAnswer): Promise<SignInResult>;
}

export interface UpstreamRequest {
  state: string;
  loginHint: string | undefined;
  /** Whether the person has to sign in there even if they are signed in already. */
  forceLogin: boolean;
  /** In seconds. */
  maxAge: number | undefined;
}

/** What of a started sign-in has to be kept to check the answer: RFC 7636, OIDC Core 3.1.3.7. */
export interface UpstreamAttempt {
  state: string;
  nonce: string;
  codeVerifier: string;
}

export interface UpstreamAnswer {
  callbackUrl: URL;
  attempt: UpstreamAttempt;
  /** Epoch seconds; a sign-in that the provider says is older is refused. */
  authenticatedSince: number | undefined;
}

const CLOCK_TOLERANCE_SECONDS = 60;

export function createUpstreamAuthenticator({
  people,
  redirectUri,
}: {
  people: PersonStore;
  /** The address at which an instance's provider answers: one for each, so that no answer passes for another's. */
  redirectUri: (instanceId: string) => string;
}): UpstreamAuthenticator {
  const configurations = createUpstreamConfigurations();
  const configurationOf = (provider: UpstreamProvider) =>
    configurations(provider).catch((cause) => {
      throw new UpstreamUnavailable(cause);
    });

  return {
    async start(provider, { state, loginHint, forceLogin, maxAge }) {
      const configuration = await configurationOf(provider);
      const attempt = {
        state,
        nonce: randomBytes(16).toString('base64url'),
        codeVerifier: openid.randomPKCECodeVerifier(),
      };
      const url = openid.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri(provider.instanceId),
        scope: provider.scope,
        state,
        nonce: attempt.nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(attempt.codeVerifier),
        code_challenge_method: 'S256',
        ...(loginHint ? { login_hint: loginHint } : {}),
        ...(forceLogin ? { prompt: 'login' } : {}),
        ...(maxAge === undefined ? {} : { max_age: String(maxAge) }),
      });
      return { url, attempt };
    },

    async finish(provider, answer) {
      const configuration = await configurationOf(provider);
      let claims: openid.IDToken;
      try {
        claims = await redeem(configuration, provider, answer);
      } catch (error) {
        return explainUpstreamFailure(error);
      }
      if (!isRecent(claims, answer)) return { outcome: 'refused', reason: 'upstream_not_recent' };
      return identify(people, provider, claims);
    },
  };
}

/** The person's claims, of the ID token and, where it lacks some that the instance maps, of userinfo. */
async function redeem(
  configuration: openid.Configuration,
  { claimMapping }: UpstreamProvider,
  { callbackUrl, attempt }: UpstreamAnswer,
): Promise<openid.IDToken> {
  const tokens = await openid.authorizationCodeGrant(configuration, callbackUrl, {
    expectedState: attempt.state,
    expectedNonce: attempt.nonce,
    pkceCodeVerifier: attempt.codeVerifier,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  if (!claims) throw new Error('The library let an answer without an ID token through.');
  const complete = mappedClaims(claimMapping).every((name) => name in claims);
  if (complete || !configuration.serverMetadata().userinfo_endpoint) return claims;
  try {
    return { ...(await openid.fetchUserInfo(configuration, tokens.access_token, claims.sub)), ...claims };
  } catch (error) {
    // Some providers' access tokens are for another API than their own userinfo, which then turns them away.
    if (error instanceof openid.WWWAuthenticateChallengeError) return claims;
    throw error;
  }
}

/** OIDC Core 2: `auth_time` is only there where the provider has it, and then it is believed. */
function isRecent({ auth_time }: openid.IDToken, { authenticatedSince }: UpstreamAnswer): boolean {
  if (authenticatedSince === undefined || auth_time === undefined) return true;
  return auth_time >= authenticatedSince - CLOCK_TOLERANCE_SECONDS;
}
