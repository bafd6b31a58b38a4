import type { Events } from '../audit/token-events.ts';
import { isBoundEnough, OFFLINE_ACCESS } from '../clients/allowed-now.ts';
import { bindingOf, confirmationIn, confirmationOf } from '../clients/proofs/confirmation.ts';
import type { UsedProofStore } from '../clients/proofs/used-proof-store.ts';
import { requireParameters } from '../clients/single-parameters.ts';
import type { Authorization } from '../grants/authorization.ts';
import type { GrantStore } from '../grants/grant-store.ts';
import { isKnown } from '../grants/known-members.ts';
import type { RefreshFamily, RefreshFamilyStore } from '../grants/refresh-family-store.ts';
import { instant, shown } from '../refusals/shown.ts';
import { invalidGrant, TokenError } from './errors.ts';
import { type IssueDependencies, issueTokens, signersFor } from './issue-tokens.ts';
import { refuseOtherKey, requireProof } from './proof-of-possession.ts';
import type { RefreshTokenCodec, RefreshTokenValue } from './refresh-token-value.ts';
import type { TokenAnswer, TokenRequest } from './token-request.ts';

export interface RefreshDependencies extends IssueDependencies {
  families: RefreshFamilyStore;
  codec: RefreshTokenCodec;
  grants: GrantStore;
  usedProofs: UsedProofStore;
  events: Events;
}

const NOT_VALID = 'Refresh token is not valid';
const ENDED = `${NOT_VALID}: its sign-in was ended`;
const UNKNOWN = { reason: 'refresh_token.not_valid' } as const;
const ALREADY_USED = 'Refresh token already used: its sign-in was ended';

/**
 * Gives new tokens for a refresh token (RFC 6749 section 6). A refresh token is a counter on the row of its family.
 * One statement compares the token with the row and counts up; of several parallel requests one succeeds. The row is
 * looked up only if the statement matched nothing.
 * @throws OAuthError that says why the token is refused.
 */
export async function refresh(request: TokenRequest, d: RefreshDependencies): Promise<TokenAnswer> {
  const { client, parameters } = request;
  const { refresh_token: text } = requireParameters(request.parameters, 'refresh_token');
  const presented = d.codec.decode(text, client.id);
  if (!presented) throw invalidGrant(NOT_VALID, UNKNOWN, 'of another client, or not of this server');
  const signers = signersFor(client, d.keyRing);

  const { authorization, sequence } =
    (request.proofError ? undefined : await rotate(presented, request, d)) ??
    (await lookAgain(presented, request, d));
  return issueTokens(
    {
      client,
      authorization,
      signers,
      scope: parameters.scope ?? String(authorization.payload.scope),
      cnf: confirmationOf(client, request),
      refreshToken: d.codec.encode({ ...presented, sequence }, client.id),
      note: request.note,
    },
    d,
  );
}

/** The authorization that a refresh gives tokens for, and the sequence of the refresh token beside them. */
interface Refreshed {
  authorization: Authorization;
  sequence: number;
}

async function rotate(
  { family, sequence: presented }: RefreshTokenValue,
  request: TokenRequest,
  { families, clock }: RefreshDependencies,
  isSecondTry = false,
): Promise<Refreshed | undefined> {
  const {
    client,
    parameters: { scope },
    proof,
  } = request;
  const sequence = client.rotateRefreshTokens ? presented + 1 : presented;
  const authorization = await families.rotate({
    ...{ client, family, presented, next: sequence, isSecondTry },
    scope: withoutOfflineAccess(scope).join(' '),
    mustBeBound: !isBoundEnough(client, { kind: 'RefreshToken', cnf: undefined }),
    // The look before the second try has used up the proof.
    ...{ proof: isSecondTry ? undefined : proof, now: clock.now() },
    jkt: bindingOf(confirmationOf(client, request)),
  });
  return authorization && { authorization, sequence };
}

/**
 * Finds out why nothing matched. A request that is repeated inside the replay window gets the same successor, so that
 * a lost answer, two tabs or a retry sign nobody out. A row that is behind the token catches up: it lost a commit,
 * since only this server can have issued the token.
 *
 * The order matters: a captured request that is sent again ends the grant, whatever else is wrong with it.
 */
async function lookAgain(
  presented: RefreshTokenValue,
  request: TokenRequest,
  d: RefreshDependencies,
): Promise<Refreshed> {
  const { client, parameters } = request;
  const family = await d.families.find(presented.family, client.refreshReplayWindowSeconds);
  // Only this server can have made the token, so its client may know that it was good.
  if (!family) throw invalidGrant(ENDED, { reason: 'refresh_token.ended' });
  request.note({ person: String(family.payload.accountId), grant: family.grant.id });
  await endReusedGrant(presented, family, request, d);
  refuseExpired(family, d.clock.now());
  await requireProof(request, d);
  refuseMoreScopes(parameters.scope, family);
  refuseOtherKey('The refresh token', family.payload.jkt, request);
  if (!isBoundEnough(client, { kind: 'RefreshToken', cnf: confirmationIn(family.payload.jkt) }))
    throw invalidGrant(
      "The client's refresh tokens must be bound to a key now: the person has to sign in again",
      { reason: 'refresh_token.not_bound' },
    );
  if (family.grant.person?.instanceId !== client.instanceId)
    throw invalidGrant('The person who signed in may not do so any more', { reason: 'person.gone' });
  if (!isKnown(family.payload)) throw invalidGrant(NOT_VALID, { reason: 'refresh_token.of_newer_release' });

  const ahead = presented.sequence - family.sequence;
  if (ahead < 0) return { authorization: replay(family, request, d), sequence: family.sequence };
  if (ahead > 0) d.events.refreshTokenAhead({ ...subjectOf(family, request), ahead });
  const rotated = await rotate(presented, request, d, true);
  if (rotated) return rotated;
  // Another request with this token came between the look and the statement.
  const now = await d.families.find(presented.family, client.refreshReplayWindowSeconds);
  if (!now?.grant.person) throw invalidGrant(NOT_VALID, UNKNOWN);
  await endReusedGrant(presented, now, request, d);
  if (now.sequence <= presented.sequence) throw invalidGrant(NOT_VALID, UNKNOWN);
  return { authorization: replay(now, request, d), sequence: now.sequence };
}

function refuseExpired({ expiresAt, grant }: RefreshFamily, now: Date): void {
  const end = expiresAt < grant.expiresAt ? expiresAt : grant.expiresAt;
  if (end > now) return;
  const [came, expected] = [{ expired_at: instant(end) }, { now: instant(now) }];
  throw invalidGrant('Refresh token expired', { reason: 'refresh_token.expired', came, expected });
}

function replay(
  family: RefreshFamily,
  request: TokenRequest,
  { events }: RefreshDependencies,
): Authorization {
  const { grant, payload } = family;
  const { person } = grant;
  if (!person) throw invalidGrant(NOT_VALID, UNKNOWN);
  events.refreshTokenReplayed(subjectOf(family, request));
  return { person, grant, payload };
}

/** RFC 9700 section 4.14.2: an old token may have been stolen, so nobody keeps the grant. */
async function endReusedGrant(
  presented: RefreshTokenValue,
  family: RefreshFamily,
  request: TokenRequest,
  { grants, events }: RefreshDependencies,
): Promise<void> {
  const behind = family.sequence - presented.sequence;
  if (behind <= 0 || (behind === 1 && family.withinWindow)) return;
  await grants.revoke(family.grant.id, {
    event: 'refresh_token.reused',
    origin: request.origin(),
    detail: { behind },
  });
  events.refreshTokenReused({ ...subjectOf(family, request), behind });
  throw invalidGrant(ALREADY_USED, {
    reason: 'refresh_token.used_before',
    came: { tokens_behind: String(behind) },
    expected: { replay_window_seconds: String(request.client.refreshReplayWindowSeconds) },
  });
}

function refuseMoreScopes(asked: string | undefined, { payload }: RefreshFamily): void {
  const granted = String(payload.scope).split(' ');
  const missing = withoutOfflineAccess(asked).filter((scope) => !granted.includes(scope));
  if (missing.length === 0) return;
  const description = `refresh token missing requested ${missing.length > 1 ? 'scopes' : 'scope'}`;
  throw new TokenError('invalid_scope', description, {
    why: {
      reason: 'scope.not_granted',
      came: { scope: shown(missing) },
      expected: { scope: shown(granted) },
    },
    members: { scope: missing.join(' ') },
  });
}

/** Every refresh token is offline access, also of a family that began without the word. */
function withoutOfflineAccess(scope = ''): string[] {
  return scope.split(' ').filter((name) => name !== '' && name !== OFFLINE_ACCESS);
}

function subjectOf({ grant, payload }: RefreshFamily, { client }: TokenRequest) {
  return { clientId: client.id, personId: String(payload.accountId), grantId: grant.id };
}
