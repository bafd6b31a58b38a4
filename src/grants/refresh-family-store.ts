import type { Person } from '../accounts/person.ts';
import { readPerson } from '../accounts/person-store.ts';
import type { Client } from '../clients/client.ts';
import type { DpopProof } from '../clients/dpop-proof.ts';
import type { Queryable } from '../platform/database.ts';
import { prepare } from '../platform/postgres/prepared-statement.ts';
import { type DatabaseTime, SAME_CLOCK } from '../platform/time/database-time.ts';
import { fromRow, type Payload } from '../platform/time/payload-times.ts';
import {
  type Authorization,
  type AuthorizationRow,
  authorizationColumns,
  PERSON_MAY_SIGN_IN,
  readAuthorization,
} from './authorization.ts';
import { type FoundGrant, GRANT_COLUMNS } from './grant-store.ts';
import { hasOnlyKnownMembers } from './known-members.ts';
import {
  PROOF_IS_NEW,
  type ProofValues,
  proofValues,
  unlessProofIsUsed,
  withProofUsed,
} from './proof-use.ts';

/** The refresh tokens of one sign-in, as one row. */
export interface RefreshFamily {
  sequence: number;
  /** Whether the last rotation was at most `windowSeconds` ago. */
  withinWindow: boolean;
  payload: Payload;
  expiresAt: Date;
  grant: FoundGrant;
}

/** A refresh token that a client presents, to get its successor. */
export interface Rotation {
  client: Pick<Client, 'id' | 'instanceId' | 'refreshTokenTtlSeconds'>;
  family: Buffer;
  /** The sequence of the token. */
  presented: number;
  /** The lowest sequence that the row may have: `presented`, or 0 for a row that lost a commit and catches up. */
  from: number;
  /** The scopes that the client asks for, separated by spaces; empty for all. */
  scope: string;
  /** Also undefined for a proof that is already used up. */
  proof: DpopProof | undefined;
  /** True when the client's registration allows only tokens that are bound to a key. */
  mustBeBound: boolean;
  /** The thumbprint to compare with that of a bound token. */
  jkt: string | undefined;
  now: Date;
}

export interface RefreshFamilyStore {
  /**
   * Makes `presented + 1` current, if everything is right: sequence, expiry, client, scope, key and person, and the
   * proof, which is used up as well. Otherwise returns undefined and changes nothing. If several requests present the
   * same token at once, one rotates.
   */
  rotate(rotation: Rotation): Promise<Authorization | undefined>;
  /** Reads a family, its grant and its person in one round trip. */
  find(family: Buffer, windowSeconds: number): Promise<RefreshFamily | undefined>;
}

interface Row {
  sequence: number;
  within_window: boolean;
  payload: Payload;
  expires_at: Date;
  grant_id: string;
  grant_payload: Payload;
  grant_expires_at: Date;
  person: Person | null;
}

const findFamily = prepare<Row, { family: Buffer; windowSeconds: number }>(
  'find_refresh_family',
  `
  SELECT f.sequence, f.rotated_at > now() - make_interval(secs => :windowSeconds) AS within_window, f.payload, f.expires_at,
         ${GRANT_COLUMNS}
  FROM refresh_families f JOIN grants g ON g.id = f.grant_id
  WHERE f.family = :family`,
);

interface RotationValues {
  next: number;
  from: number;
  presented: number;
  family: Buffer;
  clientId: string;
  instanceId: string;
  scope: string;
  jkt: string;
  mustBeBound: boolean;
  now: Date;
  expiresAt: Date;
}

/** The replay window begins with the rotation itself, even if that had to wait for a lock. */
function rotateSql(columns: string, condition = ''): string {
  return `
  UPDATE refresh_families f SET sequence = :next, rotated_at = clock_timestamp(),
         expires_at = LEAST(:expiresAt::timestamptz, g.expires_at)
  FROM grants g
  WHERE f.family = :family AND f.sequence BETWEEN :from AND :presented AND f.expires_at > :now
    AND g.id = f.grant_id AND g.expires_at > :now AND g.client_id = :clientId
    AND ${PERSON_MAY_SIGN_IN}
    AND (f.payload->>'jkt' = :jkt OR f.payload->>'jkt' IS NULL AND NOT :mustBeBound::boolean)
    AND string_to_array(:scope, ' ') <@ string_to_array(f.payload->>'scope', ' ')
    AND ${hasOnlyKnownMembers('f.payload')} ${condition}
  RETURNING ${columns}`;
}

const rotate = prepare<AuthorizationRow, RotationValues>(
  'rotate_refresh_family',
  rotateSql(`f.payload, ${GRANT_COLUMNS}`),
);

/** The setting counts for this transaction alone, whose commit then does not wait for the disk. */
const WITHOUT_WAITING = "AND (SELECT set_config('synchronous_commit', 'off', true)) = 'off'";

const rotateWithoutWaiting = prepare<AuthorizationRow, RotationValues>(
  'rotate_refresh_family_without_waiting',
  rotateSql(`f.payload, ${GRANT_COLUMNS}`, WITHOUT_WAITING),
);

const rotateWithProof = prepare<AuthorizationRow, RotationValues & ProofValues>(
  'rotate_refresh_family_with_proof',
  `
  WITH rotated AS (
    ${rotateSql('f.payload, g.id AS grant_id, g.payload AS grant_payload, g.expires_at AS grant_expires_at, g.person_id', `AND ${PROOF_IS_NEW}`)}
  ),
  ${withProofUsed('rotated')}
  SELECT ${authorizationColumns('rotated')} FROM rotated`,
);

/**
 * How a plain rotation commits. An asynchronous one may be lost when the database crashes within a second after it: the
 * row is then behind the token, and catches up (tokens/refresh.ts). A proof must not be forgotten, so a rotation with one
 * always waits.
 */
export type RotationCommit = 'synchronous' | 'asynchronous';

export function createRefreshFamilyStore(
  db: Queryable,
  time: DatabaseTime = SAME_CLOCK,
  commit: RotationCommit = 'synchronous',
): RefreshFamilyStore {
  const rotatePlainly = commit === 'asynchronous' ? rotateWithoutWaiting : rotate;
  return {
    async rotate({ client, family, presented, from, scope, proof, mustBeBound, jkt = '', now }) {
      const { id: clientId, instanceId, refreshTokenTtlSeconds } = client;
      const values = {
        ...{ family, presented, from, next: presented + 1 },
        ...{ clientId, instanceId, scope, mustBeBound, jkt },
        now: time.toDatabase(now),
        expiresAt: time.toDatabase(new Date(now.getTime() + refreshTokenTtlSeconds * 1000)),
      };
      const statement = proof
        ? () => rotateWithProof(db, { ...values, ...proofValues(proof, clientId, time) })
        : () => rotatePlainly(db, values);
      return readAuthorization((await unlessProofIsUsed(statement))?.rows[0], time);
    },

    async find(family, windowSeconds) {
      const { rows } = await findFamily(db, { windowSeconds, family });
      const [row] = rows;
      return (
        row && {
          sequence: row.sequence,
          withinWindow: row.within_window,
          payload: fromRow(row.payload, time),
          expiresAt: time.fromDatabase(row.expires_at),
          grant: {
            id: row.grant_id,
            payload: fromRow(row.grant_payload, time),
            expiresAt: time.fromDatabase(row.grant_expires_at),
            person: readPerson(row.person),
          },
        }
      );
    },
  };
}
