import { createHash } from 'node:crypto';
import { mayReturnTo } from '../clients/allowed-now.ts';
import { bindingOf, confirmationOf } from '../clients/proofs/confirmation.ts';
import type { UsedProofStore } from '../clients/proofs/used-proof-store.ts';
import { requireParameters } from '../clients/single-parameters.ts';
import type { ArtifactStore } from '../grants/artifact-store.ts';
import type { Authorization } from '../grants/authorization.ts';
import type { GrantStore } from '../grants/grant-store.ts';
import { epochSeconds } from '../platform/time/clock.ts';
import type { Payload } from '../platform/time/payload-times.ts';
import type { Refusal } from '../refusals/reasons.ts';
import { shown, shownAddress, timesOf } from '../refusals/shown.ts';
import { invalidGrant, TokenError } from './errors.ts';
import { type IssueDependencies, issueFirstTokens, signersFor } from './issue-tokens.ts';
import { refuseOtherProof, requireProof } from './proof-of-possession.ts';
import type { RefreshTokenCodec, RefreshTokenValue } from './refresh-token-value.ts';
import type { TokenAnswer, TokenRequest } from './token-request.ts';

export interface ExchangeDependencies extends IssueDependencies {
  artifacts: ArtifactStore;
  codec: RefreshTokenCodec;
  grants: GrantStore;
  usedProofs: UsedProofStore;
}

const NOT_VALID = 'Authorization code is not valid';

/**
 * Exchanges an authorization code for tokens (RFC 6749 section 4.1.3). One statement compares the request with the
 * code, marks the code used and begins the refresh tokens. Nothing changes before that, so a client can repeat a lost
 * request. The code is looked up only if the statement matched nothing.
 * @throws OAuthError that says why the code is refused.
 */
export async function exchangeCode(request: TokenRequest, d: ExchangeDependencies): Promise<TokenAnswer> {
  const { client } = request;
  requireParameters(request.parameters, 'code', 'redirect_uri');
  const signers = signersFor(client, d.keyRing);
  const family = d.codec.newFamily();

  const authorization =
    (isComplete(request) ? await redeem(family, request, d) : undefined) ??
    (await lookAgain(family, request, d));
  return issueFirstTokens(request, { authorization, signers, family }, d);
}

/** Whether the request has everything that the registration demands now, which may be more than when the code was made. */
function isComplete(request: TokenRequest): boolean {
  const { client, parameters } = request;
  const { redirect_uri = '', code_verifier: verifier } = parameters;
  return (
    !request.proofError &&
    (verifier === undefined ? !client.requirePkce : isVerifier(verifier)) &&
    mayReturnTo(client, redirect_uri)
  );
}

function redeem(
  { family }: RefreshTokenValue,
  request: TokenRequest,
  { artifacts, clock }: ExchangeDependencies,
  isSecondTry = false,
): Promise<Authorization | undefined> {
  const { client, parameters, proof } = request;
  const { code = '', redirect_uri: redirectUri = '', code_verifier: verifier } = parameters;
  return artifacts.redeem({
    ...{ client, code, family, redirectUri, codeChallenge: verifier && challengeOf(verifier), isSecondTry },
    // The look before the second try has used up the proof.
    ...{ proof: isSecondTry ? undefined : proof, jkt: proof?.jkt, now: clock.now() },
    binding: bindingOf(confirmationOf(client, request)),
  });
}

/** Finds out why nothing matched, and accepts a code that has become valid meanwhile. */
async function lookAgain(
  family: RefreshTokenValue,
  request: TokenRequest,
  d: ExchangeDependencies,
): Promise<Authorization> {
  const { client, parameters, proof } = request;
  const found = await d.artifacts.find('AuthorizationCode', parameters.code ?? '');
  // To this client, another client's code does not exist.
  if (!found?.grant) throw invalidGrant(NOT_VALID, UNKNOWN, 'unknown, or its sign-in was ended');
  if (found.payload.clientId !== client.id)
    throw invalidGrant(NOT_VALID, ofAnotherClient(found.payload), 'of another client');
  const { payload, grant, consumed } = found;
  request.note({ person: String(payload.accountId), grant: grant.id });
  if (consumed) await endUsedGrant(grant.id, request, d);
  if (Number(payload.exp) <= epochSeconds(d.clock))
    throw invalidGrant('Authorization code expired', {
      reason: 'code.expired',
      ...timesOf({ expired_at: payload.exp }, d.clock.now()),
    });
  refuseOtherRequest(payload, request);
  await requireProof(request, d);
  refuseOtherProof(payload.dpopJkt, proof);
  if (grant.person?.instanceId !== client.instanceId)
    throw invalidGrant('The person who signed in may not do so any more', { reason: 'person.gone' });

  const redeemed = await redeem(family, request, d, true);
  if (redeemed) return redeemed;
  // Another request with this code came between the look and the statement.
  if ((await d.artifacts.find('AuthorizationCode', parameters.code ?? ''))?.consumed)
    await endUsedGrant(grant.id, request, d);
  throw invalidGrant(NOT_VALID, UNKNOWN);
}

const UNKNOWN = { reason: 'code.not_valid' } as const;

/** Only operators read it. */
function ofAnotherClient({ clientId }: Payload): Refusal {
  return { reason: 'code.of_another_client', expected: { client_id: shown(clientId) } };
}

/** RFC 6749 section 4.1.2: the first user of the code may have stolen it, so its tokens end. */
async function endUsedGrant(
  grantId: string,
  { origin }: TokenRequest,
  { grants }: ExchangeDependencies,
): Promise<never> {
  await grants.revoke(grantId, { event: 'authorization_code.reused', origin: origin() });
  throw invalidGrant('Authorization code already used: its sign-in was ended', {
    reason: 'code.used_before',
  });
}

function refuseOtherRequest(
  { redirectUri, codeChallenge }: Payload,
  { client, parameters: { redirect_uri = '', code_verifier: verifier } }: TokenRequest,
): void {
  if (redirectUri !== redirect_uri)
    throw wrongRedirectUri('redirect_uri is not the one of the authorization request', {
      reason: 'code.redirect_uri_differs',
      came: { redirect_uri: shownAddress(redirect_uri) },
      expected: { redirect_uri: shownAddress(redirectUri) },
    });
  if (!mayReturnTo(client, redirect_uri))
    throw wrongRedirectUri('redirect_uri is not registered for this client any more', {
      reason: 'code.redirect_uri_withdrawn',
      came: { redirect_uri: shownAddress(redirect_uri) },
      expected: { redirect_uri: shownAddress(client.redirectUris) },
    });
  if (verifier && !codeChallenge)
    throw invalidGrant('code_verifier was sent, but the authorization request had no code_challenge', {
      reason: 'code_verifier.unexpected',
    });
  if (!verifier && (codeChallenge || client.requirePkce))
    throw invalidGrant('code_verifier is missing', { reason: 'code_verifier.missing' });
  if (verifier && challengeOf(verifier) !== codeChallenge)
    throw invalidGrant('code_verifier does not match the code_challenge', { reason: 'code_verifier.wrong' });
  if (verifier && !isVerifier(verifier))
    throw new TokenError(
      'invalid_request',
      'code_verifier must have 43 to 128 characters, each a letter, a digit or one of - . _ ~',
      { why: { reason: 'code_verifier.malformed' } },
    );
}

function wrongRedirectUri(description: string, why: Refusal & Required<Pick<Refusal, 'came'>>): TokenError {
  return invalidGrant(description, why, String(why.came.redirect_uri));
}

/** RFC 7636 section 4.2. */
function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

/** RFC 7636 section 4.1. A verifier of few characters can be guessed, so it protects nothing. */
function isVerifier(verifier: string): boolean {
  return /^[\w.~-]{43,128}$/.test(verifier);
}
