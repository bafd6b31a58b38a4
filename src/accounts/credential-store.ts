import type { Queryable } from '../platform/database.ts';

/** A person as a link to them knows them. Once one of these changed, the link does not work any more. */
export interface LinkedPerson {
  id: string;
  instanceId: string;
  email: string;
  /** The SQL function `password_fingerprint` makes it; empty for a person without a password. */
  passwordFingerprint: string;
}

/** Changes how people sign in, while they are still who they were when they asked. */
export interface CredentialStore {
  /** The enabled person who signs in with this address and a password. */
  findByAddress(instanceId: string, email: string): Promise<LinkedPerson | undefined>;
  /** An enabled person with an address. */
  findById(id: string, trx?: Queryable): Promise<(LinkedPerson & { hasPassword: boolean }) | undefined>;
  /**
   * Sets a new password, in the transaction of what proved the address. False when the person is disabled or changed.
   * The trigger `end_sign_ins_on_new_password` signs them out everywhere.
   */
  setPassword(trx: Queryable, person: LinkedPerson, passwordHash: string): Promise<boolean>;
  /**
   * Sets an address that the person proved to be theirs.
   * @throws a check_violation of `person_email_unique` when another person has it.
   */
  setAddress(trx: Queryable, person: LinkedPerson, email: string): Promise<boolean>;
}

const FINGERPRINT = "coalesce(password_fingerprint(password_hash, password_rehashed), '')";
const COLUMNS = `id, instance_id AS "instanceId", email, ${FINGERPRINT} AS "passwordFingerprint"`;

export function createCredentialStore(db: Queryable): CredentialStore {
  const unchanged = (trx: Queryable, { id, email, passwordFingerprint }: LinkedPerson) =>
    trx('people')
      .where({ id, email, disabled_at: null })
      .whereRaw(`${FINGERPRINT} = ?`, [passwordFingerprint]);

  return {
    async findByAddress(instanceId, email) {
      // The same choice as when they sign in (password-store.ts).
      const row = await db('people')
        .where({ instance_id: instanceId })
        .whereNotNull('password_hash')
        .whereRaw('canonical_address(email) = canonical_address(?)', [email])
        .orderByRaw('lower(email) = lower(?) DESC, created_at, id', [email])
        .first(db.raw(`${COLUMNS}, disabled_at IS NOT NULL AS disabled`));
      if (!row || row.disabled) return undefined;
      const { disabled: _, ...person } = row;
      return person;
    },

    findById: (id, trx = db) =>
      trx('people')
        .where({ id, disabled_at: null })
        .whereNotNull('email')
        .first(db.raw(`${COLUMNS}, password_hash IS NOT NULL AS "hasPassword"`)),

    async setPassword(trx, person, passwordHash) {
      return (
        (await unchanged(trx, person).update({ password_hash: passwordHash, email_verified: true })) === 1
      );
    },

    async setAddress(trx, person, email) {
      return (await unchanged(trx, person).update({ email, email_verified: true })) === 1;
    },
  };
}
