import { errors } from 'jose';
import * as openid from 'openid-client';
import type { UpstreamProvider } from '../../instances/instance.ts';
import type { Values } from '../../platform/errors.ts';
import { OutboundFailure, OutboundRefused } from '../../platform/network/outbound-fetch.ts';
import type { Reason, Refusal } from '../../refusals/reasons.ts';
import { shown, shownAddress, shownTime } from '../../refusals/shown.ts';
import { MetadataUnusable } from './metadata-unusable.ts';

/** The claims that may be shown: none of them names a person, and none is a secret. */
const SHOWN_CLAIMS = new Set(['iss', 'aud', 'azp', 'exp', 'iat', 'nbf', 'auth_time']);
const TIMES = new Set(['exp', 'iat', 'nbf', 'auth_time']);
/** The meaning of the errors of a token endpoint (RFC 6749 section 5.2). */
const TOKEN_ERRORS: Readonly<Record<string, Reason>> = {
  invalid_client: 'upstream.client_refused',
  unauthorized_client: 'upstream.client_refused',
  invalid_grant: 'upstream.code_refused',
};

export interface UpstreamCircumstances {
  provider: Pick<UpstreamProvider, 'issuer' | 'clientId'>;
  /** The provider's answer; undefined before there is one. */
  callbackUrl?: URL;
}

/** Why a sign-in at a provider failed: the check, with the provider's own error, and values that came or were expected. */
export function whyUpstreamFailed(error: unknown, at: UpstreamCircumstances): Refusal {
  if (error instanceof openid.AuthorizationResponseError) return ofAuthorization(error);
  if (error instanceof OutboundRefused)
    return { reason: 'upstream.address_refused', came: { address: shown(error.message) } };
  if (error instanceof MetadataUnusable)
    return { reason: 'upstream.metadata_unusable', came: { members: shown([...error.members]) } };
  if (error instanceof openid.ResponseBodyError) return ofToken(error);
  if (error instanceof openid.WWWAuthenticateChallengeError) return ofChallenge(error);
  const { cause } = error as { cause?: unknown };
  if (cause instanceof errors.JOSEError || error instanceof errors.JOSEError)
    return ofSignature(cause instanceof errors.JOSEError ? cause : (error as errors.JOSEError));
  if (error instanceof openid.ClientError) return ofClient(error, at);
  if (error instanceof OutboundFailure)
    return { reason: 'upstream.unreachable', came: { error: shown(codeOf(error)) } };
  return { reason: 'upstream.answer_unusable', came: { check: 'ill_typed' } };
}

function ofAuthorization(error: openid.AuthorizationResponseError): Refusal {
  const declined = /^(access_denied|(login|interaction|consent|account_selection)_required)$/.test(
    error.error,
  );
  const away = /^(temporarily_unavailable|server_error)$/.test(error.error);
  const reason = away ? 'upstream.unreachable' : declined ? 'upstream.declined' : 'upstream.request_refused';
  return { reason, came: own(error.error, error.error_description) };
}

function ofToken({ error, error_description, status }: openid.ResponseBodyError): Refusal {
  const reason = status >= 500 || status === 429 ? 'upstream.unreachable' : TOKEN_ERRORS[error];
  return {
    reason: reason ?? 'upstream.token_refused',
    came: { ...own(error, error_description), status: String(status) },
  };
}

/** A token endpoint answers so where it does not know the client; some say more in the challenge (RFC 6750). */
function ofChallenge({ status, cause }: openid.WWWAuthenticateChallengeError): Refusal {
  const said = cause.flatMap(({ parameters: { error } }) => (error === undefined ? [] : [error]));
  return {
    reason: 'upstream.client_refused',
    came: { error: shown(said[0] ?? 'none'), status: String(status) },
  };
}

/** The provider's own error, and its sentence. */
function own(error: string, description: string | undefined): Values {
  return { error: shown(error), ...(description ? { error_description: shown(description) } : {}) };
}

function ofSignature(error: errors.JOSEError): Refusal {
  if (error instanceof errors.JWKSTimeout)
    return { reason: 'upstream.unreachable', came: { error: error.code } };
  const isOfKeys = error instanceof errors.JWKSInvalid || error.code === 'ERR_JOSE_GENERIC';
  return {
    reason: isOfKeys ? 'upstream.keys_unusable' : 'upstream.signature_wrong',
    came: { check: error.code },
  };
}

/** The parts of the causes of the library's errors that are used. */
interface Compared {
  expected?: unknown;
  claims?: Readonly<Record<string, unknown>>;
  claim?: string;
  now?: number;
  body?: Readonly<Record<string, unknown>>;
  attribute?: string;
}

function ofClient(error: openid.ClientError, { provider, callbackUrl }: UpstreamCircumstances): Refusal {
  const code = error.code ?? '';
  const compared = comparedBy(error);
  switch (code) {
    case 'OAUTH_TIMEOUT':
      return { reason: 'upstream.unreachable', came: { error: code } };
    case 'OAUTH_JWT_CLAIM_COMPARISON_FAILED':
      return { reason: 'upstream.claim_wrong', ...valuesOf(compared) };
    case 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED':
      return compared.claim === 'auth_time'
        ? { reason: 'upstream.not_recent', ...valuesOf(compared) }
        : { reason: 'upstream.time_wrong', ...valuesOf(compared) };
    case 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED':
      if (compared.attribute === 'sub') return { reason: 'upstream.userinfo_of_another' };
      return {
        reason: 'upstream.issuer_other',
        came: { issuer: shownAddress(compared.body?.issuer) },
        expected: { issuer: provider.issuer },
      };
    case 'OAUTH_RESPONSE_IS_NOT_CONFORM':
    case 'OAUTH_RESPONSE_IS_NOT_JSON':
      return ofResponse(code, error.cause, callbackUrl);
    case 'OAUTH_INVALID_RESPONSE':
      return ofAnswer(code, provider, callbackUrl);
    default:
      return {
        reason: callbackUrl ? 'upstream.answer_unusable' : 'upstream.metadata_unusable',
        came: { check: code },
      };
  }
}

/** The library puts it into the error, or into the error's own cause. */
function comparedBy({ cause }: openid.ClientError): Compared {
  const inner = (cause as { cause?: unknown } | undefined)?.cause ?? cause;
  return typeof inner === 'object' && inner !== null ? (inner as Compared) : {};
}

/** A status or a type of content that the standard does not have. */
function ofResponse(code: string, response: unknown, callbackUrl: URL | undefined): Refusal {
  const status = response instanceof Response ? response.status : 0;
  const came = {
    check: code,
    ...(response instanceof Response
      ? { status: String(status), 'content-type': shown(response.headers.get('content-type') ?? 'none') }
      : {}),
  };
  if (status >= 500 || status === 429) return { reason: 'upstream.unreachable', came };
  return { reason: callbackUrl ? 'upstream.answer_unusable' : 'upstream.metadata_unusable', came };
}

/** The library says which check failed only in a sentence, so the answer is looked at again. */
function ofAnswer(
  code: string,
  { issuer }: UpstreamCircumstances['provider'],
  callbackUrl: URL | undefined,
): Refusal {
  const parameters = callbackUrl?.searchParams;
  if (parameters && parameters.getAll('code').length !== 1)
    return { reason: 'upstream.code_missing', came: { codes: String(parameters.getAll('code').length) } };
  const iss = parameters?.getAll('iss') ?? [];
  if (parameters && (iss.length > 1 || (iss[0] !== undefined && iss[0] !== issuer)))
    return { reason: 'upstream.iss_wrong', came: { iss: shownAddress(iss) }, expected: { iss: issuer } };
  return { reason: 'upstream.answer_unusable', came: { check: code } };
}

function valuesOf({ claim = '', claims = {}, expected, now }: Compared): Pick<Refusal, 'came' | 'expected'> {
  if (!SHOWN_CLAIMS.has(claim)) return { came: { claim: shown(claim) } };
  if (TIMES.has(claim))
    return {
      came: { claim, [claim]: shownTime(claims[claim]) },
      ...(now === undefined ? {} : { expected: { now: shownTime(now) } }),
    };
  return {
    came: { claim, [claim]: shownAddress(claims[claim]) },
    ...(expected === undefined ? {} : { expected: { [claim]: shown(expected) } }),
  };
}

/** The code of the network's error, or the sentence of ours. */
function codeOf({ message, cause }: OutboundFailure): string {
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : message;
}
