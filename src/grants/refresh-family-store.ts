import type { Person } from '../accounts/person.ts';
import { readPerson } from '../accounts/person-store.ts';
import type { Queryable } from '../platform/database.ts';
import { prepare } from '../platform/postgres/statements/prepared-statement.ts';
import { type DatabaseTime, SAME_CLOCK } from '../platform/time/database-time.ts';
import { fromRow, type Payload } from '../platform/time/payload-times.ts';
import type { Authorization } from './authorization.ts';
import { type FoundGrant, GRANT_COLUMNS } from './grant-store.ts';
import { createRotation, type Rotation, type RotationCommit } from './rotate-family.ts';

/** The refresh tokens of one sign-in, as one row. */
export interface RefreshFamily {
  sequence: number;
  /** Whether the last rotation was at most `windowSeconds` ago. */
  withinWindow: boolean;
  payload: Payload;
  expiresAt: Date;
  grant: FoundGrant;
}

export interface RefreshFamilyStore {
  /**
   * Makes `next` current, if everything is right: sequence, expiry, client, scope, key and person, and the
   * proof, which is used up as well. Otherwise returns undefined and changes nothing. If several requests present the
   * same token at once, one rotates it; all succeed where it stays in use.
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

export function createRefreshFamilyStore(
  db: Queryable,
  time: DatabaseTime = SAME_CLOCK,
  commit: RotationCommit = 'synchronous',
): RefreshFamilyStore {
  return {
    rotate: createRotation(db, time, commit),

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
