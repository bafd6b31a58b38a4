import type { Client } from '../clients/client.ts';
import type { DpopProof } from '../clients/proofs/dpop-proof.ts';
import type { Queryable } from '../platform/database.ts';
import { prepare } from '../platform/postgres/statements/prepared-statement.ts';
import { batchOfTurn } from '../platform/postgres/statements/turn-batch.ts';
import { byPlace, valueLists } from '../platform/postgres/statements/value-lists.ts';
import { hashId } from '../platform/secrets/digest.ts';
import { toEpochSeconds } from '../platform/time/clock.ts';
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
  /** The thumbprint of the proof's key. */
  jkt: string | undefined;
  /** The keys to which the code's tokens are bound (`bindingOf`). */
  binding: string | undefined;
  now: Date;
}

export interface AuthorizationCodeRedemption extends Redemption {
  /** Whether the first try matched nothing. The second waits for rows that another transaction has locked. */
  isSecondTry: boolean;
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
type Value = keyof CodeValues;
const named = (name: Value) => `:${name}`;

/** SQL that holds where the code `a` and its grant `g` may be used. `value` is the SQL expression of a value. */
function mayRedeem(model: Model, value: (name: Value) => string): string {
  const sql = `a.model = '${model}' AND a.id_hash = ${value('idHash')}::bytea AND a.consumed_at IS NULL
      AND (a.payload->>'exp')::bigint > ${value('nowSeconds')} AND g.expires_at > to_timestamp(${value('nowSeconds')})
      AND g.client_id = ${value('clientId')}
      AND (a.payload->>'dpopJkt' IS NULL OR a.payload->>'dpopJkt' = ${value('jkt')})
      AND ${personMaySignIn(value('instanceId'))}
      AND ${hasOnlyKnownMembers('a.payload', CODE_MEMBERS[model])}`;
  return model === 'DeviceCode'
    ? `${sql} AND a.payload ? 'accountId' AND NOT a.payload ? 'error'`
    : `${sql} AND a.payload->>'redirectUri' = ${value('redirectUri')}
      AND coalesce(a.payload->>'codeChallenge', '') = ${value('codeChallenge')}`;
}

const FOUND = `a.payload, g.id AS grant_id, g.payload AS grant_payload, g.person_id, g.expires_at AS grant_expires_at`;

/** SQL that begins the family of each code of `redeemed`. */
function startedSql(model: Model, value: (name: Value) => string): string {
  return `started AS (
    INSERT INTO refresh_families (family, grant_id, payload, expires_at)
    SELECT ${value('family')}::bytea, grant_id, payload - ${sqlArray(CODE_MEMBERS[model])} || ${value('begun')}::jsonb,
           LEAST(${value('familyExpiresAt')}::timestamptz, grant_expires_at)
    FROM redeemed WHERE ${value('refreshes')}
  )`;
}

/**
 * One statement finds a code that passes all checks, marks it used and begins the refresh family. It locks the grant
 * before the code, in the order of everything that ends them, so there are no deadlocks.
 */
function redeemSql(model: Model, proof: boolean): string {
  return `
  WITH found AS (
    SELECT a.id_hash, ${FOUND}
    FROM artifacts a JOIN grants g ON g.id = a.grant_id
    WHERE ${mayRedeem(model, named)} ${proof ? `AND ${PROOF_IS_NEW}` : ''}
    FOR KEY SHARE OF g
  ),
  redeemed AS (
    UPDATE artifacts a SET consumed_at = now() FROM found
    WHERE a.model = '${model}' AND a.id_hash = found.id_hash AND a.consumed_at IS NULL
    RETURNING found.*
  ),
  ${proof ? `${withProofUsed('redeemed')},` : ''}
  ${startedSql(model, named)}
  SELECT ${authorizationColumns('redeemed')} FROM redeemed`;
}

const redeem = prepare<AuthorizationRow, CodeValues>(
  'redeem_authorization_code',
  redeemSql('AuthorizationCode', false),
);
const redeemWithProof = prepare<AuthorizationRow, CodeValues & ProofValues>(
  'redeem_authorization_code_with_proof',
  redeemSql('AuthorizationCode', true),
);
const redeemDevice = prepare<AuthorizationRow, Values>('redeem_device_code', redeemSql('DeviceCode', false));
const redeemDeviceWithProof = prepare<AuthorizationRow, Values & ProofValues>(
  'redeem_device_code_with_proof',
  redeemSql('DeviceCode', true),
);

const LISTS = valueLists<CodeValues>({
  ...{ idHash: 'bytea', nowSeconds: 'bigint', clientId: 'text', instanceId: 'text', jkt: 'text' },
  ...{ redirectUri: 'text', codeChallenge: 'text' },
  ...{ family: 'bytea', begun: 'jsonb', familyExpiresAt: 'timestamptz', refreshes: 'boolean' },
});

type PlacedRow = AuthorizationRow & { place: string };

/**
 * The first tries of several codes. The statement holds the locks of several grants, so it waits for none: a code or
 * grant that another transaction has locked is left out, and the second try waits for it.
 */
const redeemSeveral = prepare<PlacedRow, Record<string, unknown[]>>(
  'redeem_authorization_codes',
  `
  WITH ${LISTS.asked},
  found AS MATERIALIZED (
    SELECT asked.*, code.* FROM asked, LATERAL (
      SELECT a.ctid AS place_of_code, ${FOUND}
      FROM artifacts a JOIN grants g ON g.id = a.grant_id
      WHERE ${mayRedeem('AuthorizationCode', (name) => LISTS.column('asked', name))}
      FOR KEY SHARE OF g SKIP LOCKED FOR NO KEY UPDATE OF a SKIP LOCKED
    ) AS code
  ),
  redeemed AS (
    UPDATE artifacts a SET consumed_at = now() FROM found WHERE a.ctid = found.place_of_code
    RETURNING found.*
  ),
  ${startedSql('AuthorizationCode', (name) => LISTS.column('redeemed', name))}
  SELECT place, ${authorizationColumns('redeemed')} FROM redeemed`,
);

/**
 * Makes the function `redeem` of the store of codes. It uses an authorization code and begins its refresh family, if
 * everything is right: the code, its expiry, client, address, challenge, key and person, and the proof, which is used
 * up as well. Otherwise it returns undefined and changes nothing.
 */
export function createRedemption(
  db: Queryable,
  time: DatabaseTime,
): (redemption: AuthorizationCodeRedemption) => Promise<Authorization | undefined> {
  const redeemAlone = async (values: CodeValues) =>
    readAuthorization((await redeem(db, values)).rows[0], time);

  const redeemFirst = batchOfTurn<CodeValues, Authorization | undefined>({
    name: 'codes',
    one: redeemAlone,
    async several(codes) {
      const { rows } = await redeemSeveral(db, LISTS.of(codes));
      return byPlace(rows, codes).map((row) => readAuthorization(row, time));
    },
  });

  return async (redemption) => {
    const { redirectUri, codeChallenge = '', proof, isSecondTry } = redemption;
    const values = { ...valuesOf(redemption, 'authorization_code', time), redirectUri, codeChallenge };
    if (!proof) return isSecondTry ? redeemAlone(values) : redeemFirst(values);
    const used = { ...values, ...proofValues(proof, redemption.client.id, time) };
    return readAuthorization((await unlessProofIsUsed(() => redeemWithProof(db, used)))?.rows[0], time);
  };
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

function valuesOf(redemption: Redemption, gty: string, time: DatabaseTime): Values {
  const { client, code, family, jkt, now } = redemption;
  const { id: clientId, instanceId, refreshTokenTtlSeconds } = client;
  return {
    idHash: hashId(code),
    nowSeconds: toEpochSeconds(time.toDatabase(now)),
    clientId,
    instanceId,
    jkt: jkt ?? '',
    family,
    begun: JSON.stringify(toRow(beginning(redemption, gty), time)),
    familyExpiresAt: time.toDatabase(new Date(now.getTime() + refreshTokenTtlSeconds * 1000)),
    refreshes: client.grantTypes.includes('refresh_token'),
  };
}

/** The members that a family's payload has beside the code's. */
function beginning({ client, binding, now }: Redemption, gty: string): Record<string, unknown> {
  const { type, refreshTokenTtlSeconds } = client;
  const iat = toEpochSeconds(now);
  // RFC 9449 section 5, RFC 8705 section 4: a refresh token is bound if no authentication of its client protects it.
  const bound = binding && type === 'public' ? { jkt: binding } : {};
  return {
    kind: 'RefreshToken',
    gty,
    rotations: 0,
    iat,
    iiat: iat,
    exp: iat + refreshTokenTtlSeconds,
    ...bound,
  };
}
