import { randomBytes } from 'node:crypto';
import * as openid from 'openid-client';
import type { PersonStore } from '../../accounts/person-store.ts';
import type { Origin } from '../../audit/record.ts';
import type { UpstreamProvider } from '../../instances/instance.ts';
import type { Logger } from '../../platform/log/logger.ts';
import type { OutboundFetch } from '../../platform/network/outbound-fetch.ts';
import { type Clock, epochSeconds } from '../../platform/time/clock.ts';
import type { Refusal } from '../../refusals/reasons.ts';
import { shownTime } from '../../refusals/shown.ts';
import type { SignInResult } from '../sign-in-result.ts';
import { identifyPerson } from './identify-person.ts';
import { CLOCK_TOLERANCE_SECONDS, createUpstreamConfigurations } from './upstream-configuration.ts';
import { explainUpstreamFailure, userinfoFailure } from './upstream-failure.ts';
import { mappedClaims } from './upstream-profile.ts';
import { UpstreamUnavailable } from './upstream-unavailable.ts';
import { whyUpstreamFailed } from './upstream-why.ts';

export interface UpstreamAuthenticator {
  /** Returns the address for the browser. @throws UpstreamUnavailable when discovery fails. */
  start(
    provider: UpstreamProvider,
    request: UpstreamRequest,
  ): Promise<{ url: URL; attempt: UpstreamAttempt }>;
  /**
   * Finishes a sign-in with the provider's answer. It checks signature, `iss`, `aud`, nonce, PKCE and state.
   * @throws UpstreamUnavailable when the provider does not answer.
   */
  finish(provider: UpstreamProvider, answer: UpstreamAnswer): Promise<SignInResult>;
}

export interface UpstreamRequest {
  state: string;
  loginHint: string | undefined;
  /**
   * `login`: the person has to sign in at the provider even if they are signed in there already. `select_account`: they
   * may want to be somebody else there.
   */
  prompt: 'login' | 'select_account' | undefined;
  /** In seconds. */
  maxAge: number | undefined;
}

/** The values of a started sign-in that check the answer: RFC 7636, OIDC Core 3.1.3.7. */
export interface UpstreamAttempt {
  state: string;
  nonce: string;
  codeVerifier: string;
}

export interface UpstreamAnswer {
  callbackUrl: URL;
  attempt: UpstreamAttempt;
  /** In epoch seconds. A sign-in is refused unless the provider says that it is not older. */
  authenticatedSince: number | undefined;
  /** Where it comes from, for the audit trail. */
  origin: Origin;
}

export function createUpstreamAuthenticator({
  people,
  clock,
  fetch,
  logger,
  redirectUri,
}: {
  people: PersonStore;
  clock: Clock;
  fetch: OutboundFetch;
  logger: Logger;
  /** The redirect URI of an instance. Each instance has its own, so that no provider's answer passes for another's. */
  redirectUri: (instanceId: string) => string;
}): UpstreamAuthenticator {
  const configurations = createUpstreamConfigurations(fetch);
  const configurationOf = (provider: UpstreamProvider) =>
    configurations(provider).catch((cause) => {
      throw new UpstreamUnavailable(cause, whyUpstreamFailed(cause, { provider }));
    });

  return {
    async start(provider, { state, loginHint, prompt: wanted, maxAge }) {
      const configuration = await configurationOf(provider);
      const prompt = wanted && promptFor(wanted, configuration);
      // OIDC Core 2: a provider must send `auth_time` if it is asked for a max_age.
      const maxAgeToAsk = maxAge ?? (prompt === 'login' ? 0 : undefined);
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
        ...(prompt ? { prompt } : {}),
        ...(maxAgeToAsk === undefined ? {} : { max_age: String(maxAgeToAsk) }),
      });
      return { url, attempt };
    },

    async finish(provider, answer) {
      const configuration = await configurationOf(provider);
      let redeemed: Redeemed;
      try {
        redeemed = await redeem(configuration, provider, answer);
      } catch (error) {
        return explainUpstreamFailure(error, { provider, callbackUrl: answer.callbackUrl });
      }
      const { idToken, claims, withoutUserinfo } = redeemed;
      if (withoutUserinfo)
        logger.warn(
          { instance: provider.instanceId, ...withoutUserinfo },
          "the userinfo of the customer's provider failed, so the sign-in went on with the ID token alone",
        );
      if (!isRecent(idToken, answer, epochSeconds(clock)))
        return { outcome: 'refused', reason: 'upstream_not_recent', why: notRecent(idToken, answer) };
      return identifyPerson(people, provider, {
        idToken,
        claims,
        complete: withoutUserinfo === undefined,
        origin: answer.origin,
      });
    },
  };
}

/** Some providers refuse `select_account`. A person who signs in anew can choose as well, so that is asked instead. */
function promptFor(
  wanted: 'login' | 'select_account',
  configuration: openid.Configuration,
): 'login' | 'select_account' {
  const { prompt_values_supported: announced } = configuration.serverMetadata();
  return Array.isArray(announced) && announced.includes(wanted) ? wanted : 'login';
}

interface Redeemed {
  /** It alone says who signed in, when and how. */
  idToken: openid.IDToken;
  /** The person's claims: those of the token, and those of userinfo that the token lacks. */
  claims: Readonly<Record<string, unknown>>;
  /** Why the claims of userinfo are missing, for the log. */
  withoutUserinfo?: ReturnType<typeof userinfoFailure>;
}

/**
 * Redeems the code. If the ID token lacks claims that the instance maps, it asks userinfo. A userinfo that answers
 * nothing ends no sign-in, because the ID token has proved it.
 */
async function redeem(
  configuration: openid.Configuration,
  { claimMapping }: UpstreamProvider,
  { callbackUrl, attempt }: UpstreamAnswer,
): Promise<Redeemed> {
  const tokens = await openid.authorizationCodeGrant(configuration, callbackUrl, {
    expectedState: attempt.state,
    expectedNonce: attempt.nonce,
    pkceCodeVerifier: attempt.codeVerifier,
    idTokenExpected: true,
  });
  const idToken = tokens.claims();
  if (!idToken) throw new Error('The library let an answer without an ID token through.');
  const complete = mappedClaims(claimMapping).every((name) => name in idToken);
  if (complete || !configuration.serverMetadata().userinfo_endpoint) return { idToken, claims: idToken };
  try {
    const others = await openid.fetchUserInfo(configuration, tokens.access_token, idToken.sub);
    return { idToken, claims: { ...others, ...idToken } };
  } catch (error) {
    const withoutUserinfo = userinfoFailure(error);
    if (withoutUserinfo) return { idToken, claims: idToken, withoutUserinfo };
    throw error;
  }
}

function notRecent({ auth_time }: openid.IDToken, { authenticatedSince = 0 }: UpstreamAnswer): Refusal {
  return {
    reason: 'upstream.not_recent',
    came: { auth_time: auth_time === undefined ? 'none' : shownTime(auth_time) },
    expected: { since: shownTime(authenticatedSince) },
  };
}

/**
 * Only `auth_time` proves when the person signed in at the provider. A time in the future, such as one in milliseconds,
 * proves nothing.
 */
function isRecent(
  { auth_time }: openid.IDToken,
  { authenticatedSince }: UpstreamAnswer,
  now: number,
): boolean {
  if (authenticatedSince === undefined) return true;
  if (auth_time === undefined || auth_time > now + CLOCK_TOLERANCE_SECONDS) return false;
  return auth_time >= authenticatedSince - CLOCK_TOLERANCE_SECONDS;
}
