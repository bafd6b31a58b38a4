import { randomBytes } from 'node:crypto';
import { claimsInScopes } from '../accounts/claims.ts';
import { OFFLINE_ACCESS, scopesAllowed } from '../clients/allowed-now.ts';
import type { Client } from '../clients/client.ts';
import { type Confirmation, confirmationOf } from '../clients/proofs/confirmation.ts';
import { type Authorization, scopesOf } from '../grants/authorization.ts';
import type { CurrentKey, KeyRing } from '../keys/key-ring.ts';
import type { KeyAlgorithm } from '../keys/signing-key.ts';
import { unavailable } from '../platform/database-errors.ts';
import { type Clock, epochSeconds, toEpochSeconds } from '../platform/time/clock.ts';
import type { Refusal } from '../refusals/reasons.ts';
import { ACCESS_TOKEN_TYPE, type AccessTokenClaims } from './access-token.ts';
import { claimsForIdToken } from './claims/requested-claims.ts';
import { accessTokenHash, signInClaims } from './claims/sign-in-claims.ts';
import type { RefreshTokenCodec, RefreshTokenValue } from './refresh-token-value.ts';
import type { TokenAnswer, TokenRequest } from './token-request.ts';

/** In bytes. */
const JTI_LENGTH = 32;

export interface IssueDependencies {
  issuer: string;
  keyRing: KeyRing;
  clock: Clock;
}

/** The keys that sign for a client. */
export interface Signers {
  accessToken: CurrentKey;
  idToken: CurrentKey;
}

/**
 * Finds the keys. It comes before anything is redeemed or rotated, so that a request without a key changes nothing.
 * @throws HttpError 503 for a second or two after the first client chose another algorithm than RS256.
 */
export function signersFor(
  {
    accessTokenSigningAlg,
    idTokenSignedResponseAlg,
  }: Pick<Client, 'accessTokenSigningAlg' | 'idTokenSignedResponseAlg'>,
  keyRing: Pick<KeyRing, 'signer'>,
): Signers {
  return {
    accessToken: signerOf(accessTokenSigningAlg, keyRing),
    idToken: signerOf(idTokenSignedResponseAlg, keyRing),
  };
}

/** @throws HttpError 503 while there is no key. */
export function signerOf(alg: KeyAlgorithm, keyRing: Pick<KeyRing, 'signer'>): CurrentKey {
  const key = keyRing.signer(alg);
  if (!key) {
    const why: Refusal = { reason: 'service.key_missing', expected: { alg } };
    throw unavailable(new Error(`There is no key yet to sign ${alg} with.`), why);
  }
  return key;
}

export interface Issue {
  client: Client;
  authorization: Authorization;
  signers: Signers;
  /** The scopes that the client asks for now, separated by spaces: at a refresh perhaps fewer than at first. */
  scope: string;
  /** The keys to which the access token is bound. */
  cnf: Confirmation | undefined;
  refreshToken: string | undefined;
  note: TokenRequest['note'];
}

/** Makes the first tokens of an authorization, once its code is redeemed and its refresh tokens have begun. */
export function issueFirstTokens(
  { client, proof, certificate, note }: TokenRequest,
  { family, ...redeemed }: Pick<Issue, 'authorization' | 'signers'> & { family: RefreshTokenValue },
  d: IssueDependencies & { codec: RefreshTokenCodec },
): Promise<TokenAnswer> {
  return issueTokens(
    {
      ...{ client, ...redeemed, note },
      scope: String(redeemed.authorization.payload.scope),
      cnf: confirmationOf(client, { proof, certificate }),
      refreshToken: client.grantTypes.includes('refresh_token')
        ? d.codec.encode(family, client.id)
        : undefined,
    },
    d,
  );
}

/** Makes the tokens of an authorization: an access token, and an ID token if `openid` was requested. */
export async function issueTokens(
  issue: Issue,
  { issuer, clock }: Pick<IssueDependencies, 'issuer' | 'clock'>,
): Promise<TokenAnswer> {
  const { client, authorization, signers, cnf, refreshToken, note } = issue;
  note({ person: authorization.person.id, grant: authorization.grant.id });
  const asked = scopesAllowed(client, issue.scope);
  const granted = grantedOf(asked, issue);
  const scope = granted.join(' ');
  const iat = epochSeconds(clock);
  const common = { iss: issuer, sub: authorization.person.id, iat };
  // A service that verifies the token by itself would accept it after the grant has ended.
  const grantEnd = toEpochSeconds(authorization.grant.expiresAt);
  const exp = Math.min(iat + client.accessTokenTtlSeconds, grantEnd);

  const accessToken: AccessTokenClaims = {
    jti: randomBytes(JTI_LENGTH).toString('base64url'),
    ...common,
    aud: issuer,
    exp,
    client_id: client.id,
    scope,
    grant_id: authorization.grant.id,
    ...(cnf ? { cnf } : {}),
  };
  const signedAccessToken = await signers.accessToken.sign(accessToken, ACCESS_TOKEN_TYPE);
  const signedIdToken = asked.includes('openid')
    ? await signers.idToken.sign(
        {
          ...claimsInScopes(authorization.person, granted),
          ...claimsForIdToken({ client, ...authorization }, authorization.payload),
          ...signInClaims(authorization.payload),
          at_hash: accessTokenHash(signedAccessToken, signers.idToken.alg),
          ...common,
          client_id: client.id,
          scope: asked.join(' '),
          aud: client.id,
          exp: iat + client.idTokenTtlSeconds,
        },
        'JWT',
      )
    : undefined;
  return {
    access_token: signedAccessToken,
    expires_in: exp - iat,
    ...(signedIdToken === undefined ? {} : { id_token: signedIdToken }),
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    scope,
    token_type: cnf?.jkt ? 'DPoP' : 'Bearer',
  };
}

/**
 * The scopes of an answer: those that the person allowed, of those that the client asks for. `offline_access` counts as
 * allowed to every client that may have it, also where the grant is older than this rule.
 */
function grantedOf(asked: readonly string[], { client, authorization }: Issue): string[] {
  const allowed = [...scopesOf(authorization.grant.payload, client), OFFLINE_ACCESS];
  return asked.filter((scope) => allowed.includes(scope));
}
