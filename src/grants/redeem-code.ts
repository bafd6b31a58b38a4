import type { Client } from '../clients/client.ts';
import type { DpopProof } from '../clients/dpop-proof.ts';
import type { Queryable } from '../platform/database.ts';
import { prepare } from '../platform/postgres/prepared-statement.ts';
import { hashId } from '../platform/secrets/digest.ts';
import type { DatabaseTime } from '../platform/time/database-time.ts';
import { toRow } from '../platform/time/payload-times.ts';
import {
  type Authorization,
  type AuthorizationRow,
  authorizationColumns,
  personMaySignIn,
  readAuthorization,
} from './authorization.ts';
import { hasOnlyKnownMembers, sqlArray } from './known-members.ts';
import {
  PROOF_IS_NEW,
  type ProofValues,
  proofValues,
  unlessProofIsUsed,
  withProofUsed,
} from './proof-use.ts';

/** A code that a client presents, and the refresh family that begins with it. */
export interface Redemption {
  client: Pick<Client, 'id' | 'instanceId' | 'type' | 'grantTypes' | 'refreshTokenTtlSeconds'>;
  code: string;
  family: Buffer;
  /** Also undefined for a proof that is already used up. */
  proof: DpopProof | undefined;
  /** The thumbprint of the key to which the code's tokens are bound. */
  jkt: string | undefined;
  now: Date;
}

export interface AuthorizationCodeRedemption extends Redemption {
  redirectUri: string;
  /** Undefined when the client sent no `code_verifier`. */
  codeChallenge: string | undefined;
}

type Model = 'AuthorizationCode' | 'DeviceCode';

/** Members that only a code has. The statement compares them with the request, and the family does not keep them. */
const CODE_MEMBERS: Record<Model, readonly string[]> = {
  AuthorizationCode: ['redirectUri', 'codeChallenge', 'codeChallengeMethod', 'dpopJkt'],
  DeviceCode: ['params', 'deviceInfo'],
};

interface Values {
  idHash: Buffer;
  nowSeconds: number;
  clientId: string;
  instanceId: string;
  jkt: string;
  family: Buffer;
  begun: string;
  familyExpiresAt: Date;
  refreshes: boolean;
}

type CodeValues = Values & { redirectUri: string; codeChallenge: string };

/**
 * One statement finds a code that passes all checks, marks it used and begins the refresh family. It locks the grant
 * before the code, in the order of everything that ends them, so there are no deadlocks.
 */
function redeemSql(model: Model, conditions: string, proof: boolean): string {
  return `
  WITH found AS (
    SELECT a.id_hash, a.payload, g.id AS grant_id, g.payload AS grant_payload, g.person_id,
           g.expires_at AS grant_expires_at
    FROM artifacts a JOIN grants g ON g.id = a.grant_id
    WHERE a.model = '${model}' AND a.id_hash = :idHash::bytea AND a.consumed_at IS NULL
      AND (a.payload->>'exp')::bigint > :nowSeconds AND g.expires_at > to_timestamp(:nowSeconds)
      AND g.client_id = :clientId
      AND (a.payload->>'dpopJkt' IS NULL OR a.payload->>'dpopJkt' = :jkt)
      AND ${personMaySignIn()}
      AND ${hasOnlyKnownMembers('a.payload', CODE_MEMBERS[model])}
      AND ${conditions} ${proof ? `AND ${PROOF_IS_NEW}` : ''}
    FOR KEY SHARE OF g
  ),
  redeemed AS (
    UPDATE artifacts a SET consumed_at = now() FROM found
    WHERE a.model = '${model}' AND a.id_hash = found.id_hash AND a.consumed_at IS NULL
    RETURNING found.*
  ),
  ${proof ? `${withProofUsed('redeemed')},` : ''}
  started AS (
    INSERT INTO refresh_families (family, grant_id, payload, expires_at)
    SELECT :family::bytea, grant_id, payload - ${sqlArray(CODE_MEMBERS[model])} || :begun::jsonb,
           LEAST(:familyExpiresAt::timestamptz, grant_expires_at)
    FROM redeemed WHERE :refreshes
  )
  SELECT ${authorizationColumns('redeemed')} FROM redeemed`;
}

const ASKED_THE_SAME =
  "a.payload->>'redirectUri' = :redirectUri AND coalesce(a.payload->>'codeChallenge', '') = :codeChallenge";
const APPROVED = "a.payload ? 'accountId' AND NOT a.payload ? 'error'";

const redeem = prepare<AuthorizationRow, CodeValues>(
  'redeem_authorization_code',
  redeemSql('AuthorizationCode', ASKED_THE_SAME, false),
);
const redeemWithProof = prepare<AuthorizationRow, CodeValues & ProofValues>(
  'redeem_authorization_code_with_proof',
  redeemSql('AuthorizationCode', ASKED_THE_SAME, true),
);
const redeemDevice = prepare<AuthorizationRow, Values>(
  'redeem_device_code',
  redeemSql('DeviceCode', APPROVED, false),
);
const redeemDeviceWithProof = prepare<AuthorizationRow, Values & ProofValues>(
  'redeem_device_code_with_proof',
  redeemSql('DeviceCode', APPROVED, true),
);

/**
 * Uses an authorization code and begins its refresh family, if everything is right: the code, its expiry, client,
 * address, challenge, key and person, and the proof, which is used up as well. Otherwise returns undefined and
 * changes nothing.
 */
export async function redeemAuthorizationCode(
  db: Queryable,
  redemption: AuthorizationCodeRedemption,
  time: DatabaseTime,
): Promise<Authorization | undefined> {
  const { redirectUri, codeChallenge = '', proof } = redemption;
  const values = { ...valuesOf(redemption, 'authorization_code', time), redirectUri, codeChallenge };
  const statement = proof
    ? () => redeemWithProof(db, { ...values, ...proofValues(proof, redemption.client.id, time) })
    : () => redeem(db, values);
  return readAuthorization((await unlessProofIsUsed(statement))?.rows[0], time);
}

/** The same for a device code that its person has approved. */
export async function redeemDeviceCode(
  db: Queryable,
  redemption: Redemption,
  time: DatabaseTime,
): Promise<Authorization | undefined> {
  const { proof } = redemption;
  const values = valuesOf(redemption, 'device_code', time);
  const statement = proof
    ? () => redeemDeviceWithProof(db, { ...values, ...proofValues(proof, redemption.client.id, time) })
    : () => redeemDevice(db, values);
  return readAuthorization((await unlessProofIsUsed(statement))?.rows[0], time);
}

function valuesOf({ client, code, family, jkt, now }: Redemption, gty: string, time: DatabaseTime): Values {
  const { id: clientId, instanceId, refreshTokenTtlSeconds } = client;
  return {
    idHash: hashId(code),
    nowSeconds: epochSeconds(time.toDatabase(now)),
    clientId,
    instanceId,
    jkt: jkt ?? '',
    family,
    begun: JSON.stringify(toRow(beginning(client, gty, jkt, now), time)),
    familyExpiresAt: time.toDatabase(new Date(now.getTime() + refreshTokenTtlSeconds * 1000)),
    refreshes: client.grantTypes.includes('refresh_token'),
  };
}

/** The members that a family's payload has beside the code's. */
function beginning(
  { type, refreshTokenTtlSeconds }: Redemption['client'],
  gty: string,
  jkt: string | undefined,
  now: Date,
): Record<string, unknown> {
  const iat = epochSeconds(now);
  // RFC 9449 section 5: a refresh token is bound to the key if no client secret protects it.
  const binding = jkt && type === 'public' ? { jkt } : {};
  return {
    kind: 'RefreshToken',
    gty,
    rotations: 0,
    iat,
    iiat: iat,
    exp: iat + refreshTokenTtlSeconds,
    ...binding,
  };
}

function epochSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
