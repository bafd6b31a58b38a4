import { isBoundEnough, scopesAllowed } from '../../clients/allowed-now.ts';
import { invalidClient } from '../../clients/authentication/errors.ts';
import type { Client } from '../../clients/client.ts';
import type { ClientStore } from '../../clients/client-store.ts';
import { type Confirmation, confirmationIn } from '../../clients/proofs/confirmation.ts';
import type { AccessTokenStore } from '../../grants/access-token-store.ts';
import type { KeyRing } from '../../keys/key-ring.ts';
import { toEpochSeconds } from '../../platform/time/clock.ts';
import type { Refusal } from '../../refusals/reasons.ts';
import { readAccessToken } from '../access-token.ts';
import { type CurrentRefreshTokenDependencies, findCurrentFamily } from '../current-refresh-token.ts';
import { expiredToken, holderOf, REVOKED_TOKEN, type Worthless } from './holder.ts';
import type { ManagementRequest } from './management-request.ts';

export interface IntrospectionDependencies extends CurrentRefreshTokenDependencies {
  issuer: string;
  keyRing: KeyRing;
  accessTokens: AccessTokenStore;
  clients: ClientStore;
}

/** RFC 7662 section 2.2. Times are in seconds since the epoch. */
export type Introspection =
  | { active: false }
  | {
      active: true;
      sub: string;
      client_id: string;
      exp: number;
      iat: number;
      iss: string;
      jti?: string;
      aud?: string;
      scope?: string;
      cnf?: Confirmation;
      token_type?: 'Bearer' | 'DPoP';
    };

const INACTIVE = { active: false } as const;

/**
 * Describes a token to the client that got it, and an access token also to the APIs of its instance (RFC 7662). A token
 * that is accepted nowhere is not active. One statement reads all that is needed.
 * @throws OAuthError `invalid_client` for a public client, which anybody can claim to be (RFC 7662 section 2.1).
 */
export async function introspect(
  request: ManagementRequest,
  d: IntrospectionDependencies,
): Promise<Introspection> {
  if (request.client.type === 'public')
    throw invalidClient('introspection without authentication', { reason: 'introspection.anonymous' });
  return (await describeAccessToken(request, d)) ?? (await describeRefreshToken(request, d));
}

/** The answer says no reason. The log does, and whoever asks later. */
function inactive({ note }: ManagementRequest, { detail, why }: Worthless): Introspection {
  note({ detail, why });
  return INACTIVE;
}

/** Only operators read whose token it is, and whether it is good. */
function ofAnother(owner: string, state: string): Refusal {
  return {
    reason: 'introspection.token_of_another',
    came: { state },
    expected: { client_id: owner },
  };
}

/** Undefined for what is no access token. */
async function describeAccessToken(
  request: ManagementRequest,
  d: IntrospectionDependencies,
): Promise<Introspection | undefined> {
  const { client: asking, token, note } = request;
  const presented = readAccessToken(token, d);
  if (!presented) return undefined;
  const { claims, expired } = presented;
  note({ person: claims.sub, grant: claims.grant_id });
  const worthless = ({ detail, why }: Worthless) =>
    inactive(request, {
      detail,
      why: claims.client_id === asking.id ? why : ofAnother(claims.client_id, why.reason),
    });
  if (expired) return worthless(expiredToken(claims, d.clock));
  const { revoked, grant } = await d.accessTokens.find({ jti: claims.jti, grantId: claims.grant_id });
  const client = await d.clients.find(claims.client_id);
  const holder = holderOf(claims, { client, grant }, d.clock);
  if (revoked) return worthless(REVOKED_TOKEN);
  if ('why' in holder) return worthless(holder);
  if (!mayAsk(asking, holder.client))
    return inactive(request, {
      detail: 'of another client, which this one may not introspect',
      why: ofAnother(holder.client.id, 'good'),
    });
  return {
    active: true,
    sub: claims.sub,
    client_id: claims.client_id,
    exp: claims.exp,
    iat: claims.iat,
    iss: d.issuer,
    jti: claims.jti,
    aud: d.issuer,
    ...scopeOf(claims.scope, holder.client),
    ...(claims.cnf ? { cnf: claims.cnf } : {}),
    token_type: claims.cnf?.jkt ? 'DPoP' : 'Bearer',
  };
}

/** A person of the holder's instance gave the token, so one instance is enough to compare. */
function mayAsk(asking: Client, holder: Client): boolean {
  return asking.id === holder.id || (asking.mayIntrospect && asking.instanceId === holder.instanceId);
}

/** A token of any other kind is not active. */
async function describeRefreshToken(
  request: ManagementRequest,
  d: IntrospectionDependencies,
): Promise<Introspection> {
  const { client } = request;
  const refuse = (detail: string, why: Refusal) => inactive(request, { detail, why });
  const { family, why = { reason: 'introspection.token_unknown' } } = await findCurrentFamily(request, d);
  if (!family) return refuse('no token of this server, or a refresh token that this client may not use', why);
  const { payload, grant, expiresAt } = family;
  const { iat, scope } = payload as { iat: number; scope: string };
  const cnf = confirmationIn(payload.jkt);
  if (!client.grantTypes.includes('refresh_token'))
    return refuse('This client may not refresh any more', { reason: 'refresh_token.grant_withdrawn' });
  if (!isBoundEnough(client, { kind: 'RefreshToken', cnf }))
    return refuse("The client's refresh tokens must be bound to a key now", {
      reason: 'refresh_token.not_bound',
    });
  const isOver = grant.expiresAt <= d.clock.now();
  if (isOver || grant.person?.instanceId !== client.instanceId)
    return refuse('The sign-in is over, or its person may not sign in any more', {
      reason: isOver ? 'refresh_token.ended' : 'person.gone',
    });
  return {
    active: true,
    sub: grant.person.id,
    client_id: client.id,
    exp: toEpochSeconds(expiresAt),
    iat,
    iss: d.issuer,
    ...scopeOf(scope, client),
    ...(cnf ? { cnf } : {}),
  };
}

function scopeOf(text: string, client: Client): { scope?: string } {
  const scope = scopesAllowed(client, text).join(' ');
  return scope ? { scope } : {};
}
