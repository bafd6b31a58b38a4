import type { Person } from '../accounts/person.ts';
import { readPerson } from '../accounts/person-store.ts';
import type { Queryable } from '../platform/database.ts';
import { type DatabaseTime, SAME_CLOCK } from '../platform/database-time.ts';
import { hashId } from '../platform/digest.ts';
import { fromRow, type Payload, toRow } from '../platform/payload-times.ts';
import { prepare } from '../platform/prepared-statement.ts';
import { type FoundGrant, GRANT_COLUMNS } from './grant-store.ts';

/** The refresh tokens of one sign-in, as one row. */
export interface RefreshFamily {
  sequence: number;
  /** Whether the last rotation was at most `windowSeconds` ago. */
  withinWindow: boolean;
  payload: Payload;
  expiresAt: Date;
  grant: FoundGrant;
}

export interface NewFamily {
  grantId: string;
  payload: Payload;
  expiresAt: Date;
}

/** What became of a rotation: of any number of parallel ones of a token, exactly one is `rotated`. */
export type Rotation = 'rotated' | 'replayed' | 'reused' | 'gone';

export interface RefreshFamilyStore {
  /** A family, its grant and its person, in one round trip. */
  find(family: Buffer, windowSeconds: number): Promise<RefreshFamily | undefined>;
  /** Begins a family at sequence 0. Refused by its foreign key once the grant is revoked. */
  start(family: Buffer, start: NewFamily): Promise<void>;
  /**
   * The same, and marks the code used that it is redeemed with: one statement decides both, so that nothing can
   * happen between them. False, and no family, for all but the first who redeem it.
   */
  startWithCode(
    family: Buffer,
    start: NewFamily,
    code: { model: 'AuthorizationCode' | 'DeviceCode'; id: string },
  ): Promise<boolean>;
  /**
   * Makes `presented + 1` current. A row that is behind `presented` lost a commit, since only we can have issued
   * that token, and catches up.
   */
  rotate(
    family: Buffer,
    rotation: { presented: number; windowSeconds: number; expiresAt: Date },
  ): Promise<Rotation>;
}

interface Row {
  sequence: number;
  within_window: boolean;
  payload: Payload;
  expires_at: Date;
  grant_id: string;
  grant_payload: Payload;
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

interface NewFamilyValues {
  family: Buffer;
  grantId: string;
  payload: string;
  expiresAt: Date;
}

const startFamily = prepare<never, NewFamilyValues>(
  'start_refresh_family',
  `
  INSERT INTO refresh_families (family, grant_id, payload, expires_at)
  VALUES (:family, :grantId, :payload, LEAST(:expiresAt, (SELECT expires_at FROM grants WHERE id = :grantId)))`,
);

/** The grant is locked before its code, as by whoever ends it, so that the two do not wait for each other. */
const startFamilyWithCode = prepare<never, NewFamilyValues & { model: string; idHash: Buffer }>(
  'start_refresh_family_with_code',
  `
  WITH alive AS (SELECT id, expires_at FROM grants WHERE id = :grantId FOR KEY SHARE),
  redeemed AS (
    UPDATE artifacts a SET consumed_at = now() FROM alive
    WHERE a.model = :model AND a.id_hash = :idHash AND a.grant_id = alive.id AND a.consumed_at IS NULL
    RETURNING alive.id, alive.expires_at
  )
  INSERT INTO refresh_families (family, grant_id, payload, expires_at)
  SELECT :family::bytea, id, :payload::jsonb, LEAST(:expiresAt::timestamptz, expires_at) FROM redeemed`,
);

/** The replay window counts from the rotation itself, even when that had to wait for a lock. */
const rotateFamily = prepare<never, { family: Buffer; presented: number; next: number; expiresAt: Date }>(
  'rotate_refresh_family',
  `
  UPDATE refresh_families SET sequence = :next, rotated_at = clock_timestamp(),
         expires_at = LEAST(:expiresAt, (SELECT expires_at FROM grants WHERE id = grant_id))
  WHERE family = :family AND sequence <= :presented`,
);

export function createRefreshFamilyStore(db: Queryable, time: DatabaseTime = SAME_CLOCK): RefreshFamilyStore {
  const find = async (family: Buffer, windowSeconds: number): Promise<RefreshFamily | undefined> => {
    const { rows } = await findFamily(db, { family, windowSeconds });
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
          person: readPerson(row.person),
        },
      }
    );
  };

  const values = (family: Buffer, { grantId, payload, expiresAt }: NewFamily): NewFamilyValues => ({
    family,
    grantId,
    payload: JSON.stringify(toRow(payload, time)),
    expiresAt: time.toDatabase(expiresAt),
  });

  return {
    find,

    async start(family, start) {
      await startFamily(db, values(family, start));
    },

    async startWithCode(family, start, { model, id }) {
      const code = { model, idHash: hashId(id) };
      const { rowCount } = await startFamilyWithCode(db, { ...values(family, start), ...code });
      return rowCount === 1;
    },

    async rotate(family, { presented, windowSeconds, expiresAt }) {
      const { rowCount } = await rotateFamily(db, {
        family,
        presented,
        next: presented + 1,
        expiresAt: time.toDatabase(expiresAt),
      });
      if (rowCount === 1) return 'rotated';
      const row = await find(family, windowSeconds);
      if (!row) return 'gone';
      return row.sequence === presented + 1 && row.withinWindow ? 'replayed' : 'reused';
    },
  };
}
