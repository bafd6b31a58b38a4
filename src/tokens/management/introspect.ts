import { isBoundEnough, scopesAllowed } from '../../clients/allowed-now.ts';
import { invalidClient } from '../../clients/authentication/errors.ts';
import type { Client } from '../../clients/client.ts';
import type { ClientStore } from '../../clients/client-store.ts';
import { type Confirmation, confirmationIn } from '../../clients/proofs/confirmation.ts';
import type { AccessTokenStore } from '../../grants/access-token-store.ts';
import type { KeyRing } from '../../keys/key-ring.ts';
import { toEpochSeconds } from '../../platform/time/clock.ts';
import { readAccessToken } from '../access-token.ts';
import { type CurrentRefreshTokenDependencies, findCurrentFamily } from '../current-refresh-token.ts';
import { holderOf } from './holder.ts';
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
  if (request.client.type === 'public') throw invalidClient('introspection without authentication');
  return (await describeAccessToken(request, d)) ?? (await describeRefreshToken(request, d));
}

/** The answer says no reason, and the log does. */
function inactive(note: ManagementRequest['note'], detail: string): Introspection {
  note({ detail });
  return INACTIVE;
}

/** Undefined for what is no access token. */
async function describeAccessToken(
  { client: asking, token, note }: ManagementRequest,
  d: IntrospectionDependencies,
): Promise<Introspection | undefined> {
  const presented = readAccessToken(token, d);
  if (!presented) return undefined;
  const { claims, expired } = presented;
  note({ person: claims.sub, grant: claims.grant_id });
  if (expired) return inactive(note, 'Access token expired');
  const { revoked, grant } = await d.accessTokens.find({ jti: claims.jti, grantId: claims.grant_id });
  const client = await d.clients.find(claims.client_id);
  const holder = holderOf(claims, { client, grant }, d.clock);
  if (revoked) return inactive(note, 'Access token was revoked');
  if (typeof holder === 'string') return inactive(note, holder);
  if (!mayAsk(asking, holder.client))
    return inactive(note, 'of another client, which this one may not introspect');
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
  const { client, note } = request;
  const family = await findCurrentFamily(request, d);
  if (!family)
    return inactive(note, 'no token of this server, or a refresh token that this client may not use');
  const { payload, grant, expiresAt } = family;
  const { iat, scope } = payload as { iat: number; scope: string };
  const cnf = confirmationIn(payload.jkt);
  if (!client.grantTypes.includes('refresh_token'))
    return inactive(note, 'This client may not refresh any more');
  if (!isBoundEnough(client, { kind: 'RefreshToken', cnf }))
    return inactive(note, "The client's refresh tokens must be bound to a key now");
  if (grant.expiresAt <= d.clock.now() || grant.person?.instanceId !== client.instanceId)
    return inactive(note, 'The sign-in is over, or its person may not sign in any more');
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
