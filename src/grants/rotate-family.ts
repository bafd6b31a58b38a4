import type { Client } from '../clients/client.ts';
import type { DpopProof } from '../clients/proofs/dpop-proof.ts';
import type { Queryable } from '../platform/database.ts';
import { prepare } from '../platform/postgres/statements/prepared-statement.ts';
import { batchOfTurn } from '../platform/postgres/statements/turn-batch.ts';
import { byPlace, valueLists } from '../platform/postgres/statements/value-lists.ts';
import type { DatabaseTime } from '../platform/time/database-time.ts';
import {
  type Authorization,
  type AuthorizationRow,
  authorizationColumns,
  personMaySignIn,
  readAuthorization,
} from './authorization.ts';
import { GRANT_COLUMNS } from './grant-store.ts';
import { hasOnlyKnownMembers } from './known-members.ts';
import {
  PROOF_IS_NEW,
  type ProofValues,
  proofValues,
  unlessProofIsUsed,
  withProofUsed,
} from './proof-use.ts';

/** A refresh token that a client presents, to get its successor. */
export interface Rotation {
  client: Pick<Client, 'id' | 'instanceId' | 'refreshTokenTtlSeconds'>;
  family: Buffer;
  /** The sequence of the token. */
  presented: number;
  /** The sequence that the row gets: the one behind `presented`, or `presented` itself, which stays in use. */
  next: number;
  /**
   * Whether the first try matched nothing. The second waits for a row that another transaction has locked, and takes a
   * row that is behind the token: it lost a commit, and catches up.
   */
  isSecondTry: boolean;
  /** The scopes that the client asks for, separated by spaces; empty for all. */
  scope: string;
  /** Also undefined for a proof that is already used up. */
  proof: DpopProof | undefined;
  /** True when the client's registration allows only tokens that are bound to a key. */
  mustBeBound: boolean;
  /** The keys that the request proves (`bindingOf`), to compare with those of a bound token. */
  jkt: string | undefined;
  now: Date;
}

/**
 * How a plain rotation commits. An asynchronous one may be lost when the database crashes within a second after it: the
 * row is then behind the token, and catches up (tokens/refresh.ts). A proof must not be forgotten, so a rotation with one
 * always waits.
 */
export type RotationCommit = 'synchronous' | 'asynchronous';

type RotationValues = Record<'family', Buffer> &
  Record<'from' | 'presented' | 'next', number> &
  Record<'clientId' | 'instanceId' | 'scope' | 'jkt', string> &
  Record<'mustBeBound', boolean> &
  Record<'expiresAt' | 'now', Date>;

type Value = keyof RotationValues;

/** SQL that holds where the family `f` and its grant `g` may rotate. `value` is the SQL expression of a value. */
function mayRotate(value: (name: Value) => string): string {
  return `f.family = ${value('family')} AND f.sequence BETWEEN ${value('from')} AND ${value('presented')}
    AND f.expires_at > ${value('now')}
    AND g.id = f.grant_id AND g.expires_at > ${value('now')} AND g.client_id = ${value('clientId')}
    AND ${personMaySignIn(value('instanceId'))}
    AND (f.payload->>'jkt' = ${value('jkt')} OR f.payload->>'jkt' IS NULL AND NOT ${value('mustBeBound')}::boolean)
    AND string_to_array(${value('scope')}, ' ') <@ string_to_array(f.payload->>'scope', ' ')
    AND ${hasOnlyKnownMembers('f.payload')}`;
}

/**
 * The replay window begins with the rotation itself, even if that had to wait for a lock. It does not begin again where
 * the token stays in use.
 */
function set(value: (name: 'next' | 'expiresAt') => string, grantEnd: string): string {
  return `SET sequence = ${value('next')},
         rotated_at = CASE WHEN f.sequence = ${value('next')} THEN f.rotated_at ELSE clock_timestamp() END,
         expires_at = LEAST(${value('expiresAt')}::timestamptz, ${grantEnd})`;
}

const named = (name: Value) => `:${name}`;

function rotateSql(columns: string, condition = ''): string {
  return `
  UPDATE refresh_families f ${set(named, 'g.expires_at')}
  FROM grants g
  WHERE ${mayRotate(named)} ${condition}
  RETURNING ${columns}`;
}

const ROTATED = `f.payload, ${GRANT_COLUMNS}`;
const rotate = prepare<AuthorizationRow, RotationValues>('rotate_refresh_family', rotateSql(ROTATED));

/** The setting counts for this transaction alone, whose commit then does not wait for the disk. */
const WITHOUT_WAITING = "AND (SELECT set_config('synchronous_commit', 'off', true)) = 'off'";

const rotateWithoutWaiting = prepare<AuthorizationRow, RotationValues>(
  'rotate_refresh_family_without_waiting',
  rotateSql(ROTATED, WITHOUT_WAITING),
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

const LISTS = valueLists<RotationValues>({
  ...{
    family: 'bytea',
    presented: 'integer',
    from: 'integer',
    next: 'integer',
    clientId: 'text',
    instanceId: 'text',
  },
  ...{ scope: 'text', jkt: 'text', mustBeBound: 'boolean', expiresAt: 'timestamptz', now: 'timestamptz' },
});

type PlacedRow = AuthorizationRow & { place: string };

/**
 * Several first tries in one statement. It waits for no row, so that one which another transaction has locked keeps none
 * of the others waiting: it is left out, and the second try waits for it. The inner query has locks of its own, so
 * Postgres looks each row up by its key, whatever it believes of the sizes of the tables.
 */
function rotateSeveralSql(condition = ''): string {
  const column = (table: string) => (name: Value) => LISTS.column(table, name);
  return `
  WITH ${LISTS.asked},
  free AS MATERIALIZED (
    SELECT asked.*, found.* FROM asked, LATERAL (
      SELECT f.ctid AS place_of_row, ${GRANT_COLUMNS} FROM refresh_families f, grants g
      WHERE ${mayRotate(column('asked'))}
      FOR NO KEY UPDATE OF f SKIP LOCKED
    ) AS found
  )
  UPDATE refresh_families f ${set(column('free'), 'free.grant_expires_at')}
  FROM free
  WHERE f.ctid = free.place_of_row ${condition}
  RETURNING free.place, f.payload, free.grant_id, free.grant_payload, free.grant_expires_at, free.person`;
}

const rotateSeveral = prepare<PlacedRow, Record<string, unknown[]>>(
  'rotate_refresh_families',
  rotateSeveralSql(),
);
const rotateSeveralWithoutWaiting = prepare<PlacedRow, Record<string, unknown[]>>(
  'rotate_refresh_families_without_waiting',
  rotateSeveralSql(WITHOUT_WAITING),
);

/** Makes the function `rotate` of the store of families. */
export function createRotation(
  db: Queryable,
  time: DatabaseTime,
  commit: RotationCommit,
): (rotation: Rotation) => Promise<Authorization | undefined> {
  const waits = commit === 'synchronous';
  const [alone, together] = waits
    ? [rotate, rotateSeveral]
    : [rotateWithoutWaiting, rotateSeveralWithoutWaiting];

  const rotateAlone = async (values: RotationValues) =>
    readAuthorization((await alone(db, values)).rows[0], time);

  const rotatePlainly = batchOfTurn<RotationValues, Authorization | undefined>({
    name: 'rotations',
    one: rotateAlone,
    async several(rotations) {
      const { rows } = await together(db, LISTS.of(rotations));
      return byPlace(rows, rotations).map((row) => readAuthorization(row, time));
    },
  });

  return async ({
    client,
    family,
    presented,
    next,
    isSecondTry,
    scope,
    proof,
    mustBeBound,
    jkt = '',
    now,
  }) => {
    const { id: clientId, instanceId, refreshTokenTtlSeconds } = client;
    const values = {
      ...{ family, presented, next, clientId, instanceId, scope, mustBeBound, jkt },
      from: isSecondTry ? 0 : presented,
      now: time.toDatabase(now),
      expiresAt: time.toDatabase(new Date(now.getTime() + refreshTokenTtlSeconds * 1000)),
    };
    if (proof) {
      const used = { ...values, ...proofValues(proof, clientId, time) };
      return readAuthorization((await unlessProofIsUsed(() => rotateWithProof(db, used)))?.rows[0], time);
    }
    return isSecondTry ? rotateAlone(values) : rotatePlainly(values);
  };
}
