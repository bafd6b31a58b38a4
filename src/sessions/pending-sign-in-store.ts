import type { Factors } from '../accounts/factor-store.ts';
import { factorsJson } from '../accounts/factor-store.ts';
import { PERSON_SIGNING_IN, type PersonSigningIn } from '../accounts/person-store.ts';
import type { Queryable } from '../platform/database.ts';
import { prepare } from '../platform/postgres/statements/prepared-statement.ts';
import { hashId } from '../platform/secrets/digest.ts';
import type { Clock } from '../platform/time/clock.ts';
import { type DatabaseTime, SAME_CLOCK } from '../platform/time/database-time.ts';
import { fromRow, toRow } from '../platform/time/payload-times.ts';

/** A sign-in of which a part is proven, and another step is due. `Proof` is how the caller writes down a part. */
export interface PendingSignIn<Proof> {
  personId: string;
  /** '' without a password. */
  passwordFingerprint: string;
  proven: readonly Proof[];
  /** Whether the session of the browser identified the person, and they only prove more. */
  continued: boolean;
}

/**
 * Sign-ins between two steps, each known by the id of its interaction, which the cookie binds to one browser. The
 * trigger `end_sign_ins` deletes those of a person who is disabled, or whose password changes.
 */
export interface PendingSignInStore<Proof> {
  /**
   * Saves one, in place of an earlier one of this interaction. Returns false if the person was disabled, or changed the
   * password, meanwhile; such a change waits for this statement.
   */
  save(uid: string, signIn: PendingSignIn<Proof>, expiresAt: Date): Promise<boolean>;
  /** One that has not expired, with what its person has at this moment. */
  find(uid: string): Promise<(PendingSignIn<Proof> & { factors: Factors }) | undefined>;
  /** Ends it. True for exactly one caller. */
  end(uid: string): Promise<boolean>;
}

interface Values extends PersonSigningIn {
  uidHash: Buffer;
  proven: string;
  expiresAt: Date;
}

const save = prepare<never, Values>(
  'save_pending_sign_in',
  `
  WITH person AS (${PERSON_SIGNING_IN})
  INSERT INTO pending_sign_ins AS p (uid_hash, person_id, password_fingerprint, proven, expires_at)
  SELECT :uidHash::bytea, person.id, :passwordFingerprint, :proven::jsonb, :expiresAt::timestamptz FROM person
  ON CONFLICT (uid_hash) DO UPDATE
  SET person_id = excluded.person_id, password_fingerprint = excluded.password_fingerprint,
      proven = excluded.proven, expires_at = excluded.expires_at`,
);

interface Row {
  person_id: string;
  password_fingerprint: string;
  proven: { methods: unknown[]; continued?: boolean };
  expires_at: Date;
  factors: Factors;
}

const find = prepare<Row, { uidHash: Buffer }>(
  'find_pending_sign_in',
  `SELECT person_id, password_fingerprint, proven, expires_at, ${factorsJson('person_id')} AS factors
   FROM pending_sign_ins WHERE uid_hash = :uidHash`,
);

export function createPendingSignInStore<Proof extends { at: number }>(
  db: Queryable,
  clock: Clock,
  time: DatabaseTime = SAME_CLOCK,
): PendingSignInStore<Proof> {
  return {
    async save(uid, { personId, passwordFingerprint, proven, continued }, expiresAt) {
      const { rowCount } = await save(db, {
        uidHash: hashId(uid),
        personId,
        passwordFingerprint,
        provenFactors: [],
        proven: JSON.stringify(toRow({ methods: proven, continued }, time)),
        expiresAt: time.toDatabase(expiresAt),
      });
      return rowCount === 1;
    },

    async find(uid) {
      const { rows } = await find(db, { uidHash: hashId(uid) });
      const [row] = rows;
      if (!row || time.fromDatabase(row.expires_at) <= clock.now()) return undefined;
      const { methods, continued } = fromRow(row.proven, time);
      return {
        personId: row.person_id,
        passwordFingerprint: row.password_fingerprint,
        proven: methods as Proof[],
        continued: continued === true,
        factors: row.factors,
      };
    },

    async end(uid) {
      return (
        (await db('pending_sign_ins')
          .where({ uid_hash: hashId(uid) })
          .delete()) === 1
      );
    },
  };
}
