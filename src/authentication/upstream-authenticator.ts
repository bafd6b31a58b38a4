import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import * as openid from 'openid-client';
import type { PersonStore } from '../accounts/person-store.ts';
import type { UpstreamProvider } from '../instances/instance.ts';
import type { RefusalReason, SignInResult } from './authenticator.ts';
import { profileFrom } from './upstream-profile.ts';

/** What of a started sign-in has to be kept to check the answer: RFC 7636, OIDC Core 3.1.3.7. */
export interface UpstreamAttempt {
  state: string;
  nonce: string;
  codeVerifier: string;
}

export interface UpstreamAuthenticator {
  /** Where to send the browser. @throws UpstreamUnavailable when discovery fails. */
  start(
    provider: UpstreamProvider,
    request: { state: string; loginHint: string | undefined; forceLogin: boolean },
  ): Promise<{ url: URL; attempt: UpstreamAttempt }>;
  /** Completes with what the browser brought back: signature, `iss`, `aud`, nonce, PKCE and state are checked. */
  finish(
    provider: UpstreamProvider,
    answer: { callbackUrl: URL; attempt: UpstreamAttempt },
  ): Promise<SignInResult>;
}

/** The upstream provider could not be asked. */
export class UpstreamUnavailable extends Error {
  constructor(cause: unknown) {
    super('The upstream provider could not be reached.', { cause });
    this.name = 'UpstreamUnavailable';
  }
}

const TIMEOUT_SECONDS = 5;
const DISCOVERY_TTL_MS = 10 * 60 * 1000;

export function createUpstreamAuthenticator({
  people,
  redirectUri,
}: {
  people: PersonStore;
  redirectUri: string;
}): UpstreamAuthenticator {
  const discovered = new LRUCache<string, Promise<openid.Configuration>>({
    max: 1000,
    ttl: DISCOVERY_TTL_MS,
  });

  const configurationOf = async (provider: UpstreamProvider) => {
    // Whatever of the registration changes makes another key, so a change takes effect at once.
    const key = JSON.stringify([provider.issuer, provider.clientId, provider.clientSecret]);
    const pending = discovered.get(key) ?? discover(provider);
    discovered.set(key, pending);
    try {
      return await pending;
    } catch (cause) {
      discovered.delete(key);
      throw new UpstreamUnavailable(cause);
    }
  };

  return {
    async start(provider, { state, loginHint, forceLogin }) {
      const configuration = await configurationOf(provider);
      const attempt = {
        state,
        nonce: randomBytes(16).toString('base64url'),
        codeVerifier: openid.randomPKCECodeVerifier(),
      };
      const url = openid.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: provider.scope,
        state,
        nonce: attempt.nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(attempt.codeVerifier),
        code_challenge_method: 'S256',
        ...(loginHint ? { login_hint: loginHint } : {}),
        ...(forceLogin ? { prompt: 'login' } : {}),
      });
      return { url, attempt };
    },

    async finish(provider, { callbackUrl, attempt }) {
      const configuration = await configurationOf(provider);
      let claims: openid.IDToken | undefined;
      try {
        const tokens = await openid.authorizationCodeGrant(configuration, callbackUrl, {
          expectedState: attempt.state,
          expectedNonce: attempt.nonce,
          pkceCodeVerifier: attempt.codeVerifier,
          idTokenExpected: true,
        });
        claims = tokens.claims();
      } catch (error) {
        return refused(reasonFor(error));
      }
      return claims ? identify(people, provider, claims) : refused('upstream_invalid');
    },
  };
}

function discover(provider: UpstreamProvider): Promise<openid.Configuration> {
  const issuer = new URL(provider.issuer);
  const authentication = provider.clientSecret
    ? openid.ClientSecretPost(provider.clientSecret)
    : openid.None();
  return openid.discovery(issuer, provider.clientId, undefined, authentication, {
    timeout: TIMEOUT_SECONDS,
    // Registration allows plain http on loopback only (the constraint upstream_issuer_https).
    execute: issuer.protocol === 'http:' ? [openid.allowInsecureRequests] : [],
  });
}

/** By issuer and subject, never by e-mail address: an address can change hands, or be claimed by anyone upstream. */
async function identify(
  people: PersonStore,
  provider: UpstreamProvider,
  claims: openid.IDToken,
): Promise<SignInResult> {
  const identity = { instanceId: provider.instanceId, issuer: claims.iss, subject: claims.sub };
  const profile = profileFrom(claims, provider.claimMapping);
  const known = await people.findByUpstreamIdentity(identity);
  if (known) {
    if (known.disabled) return refused('disabled');
    await people.updateFromUpstream(known.id, profile);
    return { outcome: 'signed_in', personId: known.id, method: 'upstream' };
  }
  if (provider.firstSignIn === 'refuse') return refused('unknown_person');
  return {
    outcome: 'signed_in',
    personId: await people.createFromUpstream(identity, profile),
    method: 'upstream',
  };
}

function reasonFor(error: unknown): RefusalReason {
  if (error instanceof openid.AuthorizationResponseError) return 'upstream_refused';
  // Everything else the library throws says that an answer was not what the standards ask for; what it lets
  // through unwrapped is the network.
  return error instanceof openid.ClientError ||
    error instanceof openid.ResponseBodyError ||
    error instanceof openid.WWWAuthenticateChallengeError
    ? 'upstream_invalid'
    : 'upstream_unavailable';
}

function refused(reason: RefusalReason): SignInResult {
  return { outcome: 'refused', reason };
}
