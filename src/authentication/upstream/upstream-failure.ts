import { errors } from 'jose';
import * as openid from 'openid-client';
import { OutboundFailure, OutboundRefused } from '../../platform/network/outbound-fetch.ts';
import type { SignInResult } from '../sign-in-result.ts';
import { UpstreamUnavailable } from './upstream-unavailable.ts';
import { type UpstreamCircumstances, whyUpstreamFailed } from './upstream-why.ts';

type Refused = Extract<SignInResult, { outcome: 'refused' }>;

/**
 * The meaning of the standard error codes of an authorization response (RFC 6749 section 4.1.2.1, OIDC Core 3.1.2.6).
 */
const AUTHORIZATION_ERRORS: Record<string, Refused['reason']> = {
  access_denied: 'upstream_refused',
  login_required: 'upstream_refused',
  interaction_required: 'upstream_refused',
  consent_required: 'upstream_refused',
  account_selection_required: 'upstream_refused',
  temporarily_unavailable: 'upstream_unavailable',
  server_error: 'upstream_unavailable',
};

/**
 * Returns why the upstream provider refused, or that its answer was invalid. Every error of the library is one of its
 * answer: the library got nothing else.
 * @throws UpstreamUnavailable when it could not be reached.
 */
export function explainUpstreamFailure(error: unknown, at: UpstreamCircumstances): Refused {
  const why = whyUpstreamFailed(error, at);
  if (isOutage(error)) throw new UpstreamUnavailable(error, why);
  return { ...judged(error), why };
}

function judged(error: unknown): Refused {
  if (error instanceof openid.AuthorizationResponseError) {
    return refused(AUTHORIZATION_ERRORS[error.error] ?? 'upstream_invalid', error.error);
  }
  if (error instanceof OutboundRefused) return refused('upstream_invalid', 'address_refused');
  if (error instanceof openid.ResponseBodyError) return refused('upstream_invalid', error.error);
  if (error instanceof openid.ClientError && error.cause instanceof errors.JOSEError)
    return refused('upstream_invalid', error.cause.code);
  if (error instanceof openid.ClientError || error instanceof openid.WWWAuthenticateChallengeError) {
    return refused('upstream_invalid', error.code);
  }
  // The library met a value of a type that it does not expect.
  return refused('upstream_invalid', 'ill_typed');
}

/**
 * Returns the answer of userinfo for the log if it said nothing about anybody: another status than 200, no JSON, or no
 * answer. Some providers issue access tokens for another API, which their own userinfo endpoint refuses. An answer about
 * somebody else is none of these.
 */
export function userinfoFailure(error: unknown): { status?: number; error: string } | undefined {
  if (error instanceof openid.WWWAuthenticateChallengeError)
    return { status: error.status, error: error.code };
  if (error instanceof OutboundRefused) return undefined;
  if (error instanceof OutboundFailure) return { error: error.message };
  if (!(error instanceof openid.ClientError)) return undefined;
  if (error.code === 'OAUTH_TIMEOUT') return { error: error.code };
  const silent = ['OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_RESPONSE_IS_NOT_JSON'].includes(error.code ?? '');
  if (!silent || !(error.cause instanceof Response)) return undefined;
  return { status: error.cause.status, error: error.code ?? '' };
}

/** True for a network error, a time-out, or a server's own failure. */
function isOutage(error: unknown): boolean {
  if (error instanceof OutboundRefused) return false;
  // The library passes on a TypeError unchanged.
  if (error instanceof OutboundFailure) return true;
  if (error instanceof openid.ResponseBodyError) return isServerFailure(error.status);
  if (!(error instanceof openid.ClientError)) return false;
  if (error.code === 'OAUTH_TIMEOUT' || error.cause instanceof errors.JWKSTimeout) return true;
  return error.cause instanceof Response && isServerFailure(error.cause.status);
}

export function isServerFailure(status: number): boolean {
  return status >= 500 || status === 429;
}

/** An error code may come from an address that anybody can write, so only a plain one reaches the log. */
function refused(reason: Refused['reason'], code?: string): Refused {
  const detail = code !== undefined && /^[\w.-]{1,64}$/.test(code) ? code : undefined;
  return { outcome: 'refused', reason, ...(detail ? { detail } : {}) };
}
