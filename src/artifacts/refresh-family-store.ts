import type { Person } from '../accounts/person.ts';
import { personJson, readPerson } from '../accounts/person-store.ts';
import type { Queryable } from '../platform/database.ts';
import type { Payload } from './artifact-store.ts';
import type { FoundGrant } from './grant-store.ts';

/** The refresh tokens of one sign-in, as one row. */
export interface RefreshFamily {
  sequence: number;
  /** Whether the last rotation was at most `windowSeconds` ago. */
  withinWindow: boolean;
  payload: Payload;
  expiresAt: Date;
  grant: FoundGrant;
}

/** What became of a rotation: of any number of parallel ones of a token, exactly one is `rotated`. */
export type Rotation = 'rotated' | 'replayed' | 'reused' | 'gone';

export interface RefreshFamilyStore {
  /** A family, its grant and its person, in one round trip. */
  find(family: Buffer, windowSeconds: number): Promise<RefreshFamily | undefined>;
  /** Begins a family at sequence 0. Refused by its foreign key once the grant is revoked. */
  start(family: Buffer, start: { grantId: string; payload: Payload; expiresAt: Date }): Promise<void>;
  /**
   * Makes `presented + 1` current. A row that is behind `presented` lost a commit, since only we can have issued
   * that token, and catches up.
   */
  rotate(
    family: Buffer,
    rotation: { presented: number; windowSeconds: number; expiresAt: Date },
  ): Promise<Rotation>;
}

const FIND = `
  SELECT f.sequence, f.rotated_at > now() - make_interval(secs => ?) AS within_window, f.payload, f.expires_at,
         g.id AS grant_id, g.payload AS grant_payload, ${personJson('g.person_id')} AS person
  FROM refresh_families f JOIN grants g ON g.id = f.grant_id
  WHERE f.family = ?`;

const START = `
  INSERT INTO refresh_families (family, grant_id, payload, expires_at)
  VALUES (?, ?, ?, LEAST(?, (SELECT expires_at FROM grants WHERE id = ?)))`;

const ROTATE = `
  UPDATE refresh_families SET sequence = ?, rotated_at = now(),
         expires_at = LEAST(?, (SELECT expires_at FROM grants WHERE id = grant_id))
  WHERE family = ? AND sequence <= ?`;

interface Row {
  sequence: number;
  within_window: boolean;
  payload: Payload;
  expires_at: Date;
  grant_id: string;
  grant_payload: Payload;
  person: Person | null;
}

export function createRefreshFamilyStore(db: Queryable): RefreshFamilyStore {
  const find = async (family: Buffer, windowSeconds: number): Promise<RefreshFamily | undefined> => {
    const { rows } = await db.raw<{ rows: Row[] }>(FIND, [windowSeconds, family]);
    const [row] = rows;
    return (
      row && {
        sequence: row.sequence,
        withinWindow: row.within_window,
        payload: row.payload,
        expiresAt: row.expires_at,
        grant: { id: row.grant_id, payload: row.grant_payload, person: readPerson(row.person) },
      }
    );
  };

  return {
    find,

    async start(family, { grantId, payload, expiresAt }) {
      await db.raw(START, [family, grantId, JSON.stringify(payload), expiresAt, grantId]);
    },

    async rotate(family, { presented, windowSeconds, expiresAt }) {
      const { rowCount } = await db.raw<{ rowCount: number }>(ROTATE, [
        presented + 1,
        expiresAt,
        family,
        presented,
      ]);
      if (rowCount === 1) return 'rotated';
      const row = await find(family, windowSeconds);
      if (!row) return 'gone';
      return row.sequence === presented + 1 && row.withinWindow ? 'replayed' : 'reused';
    },
  };
}
