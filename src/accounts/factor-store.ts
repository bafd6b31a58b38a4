import type { Queryable } from '../platform/database.ts';

/** The means that a person has at this moment to prove who they are. */
export interface Factors {
  password: boolean;
  /** Whether there is an authenticator app. */
  totp: boolean;
  /** How many. */
  passkeys: number;
  /** How many are left. */
  recoveryCodes: number;
}

/** SQL for the factors of the person whose id is the expression `id`: a column of a query that is made anyway. */
export function factorsJson(id: string): string {
  return `factors_of(${id})`;
}

export interface FactorStore {
  /** Reads them where no other query does. */
  of(personId: string): Promise<Factors>;
}

export function createFactorStore(db: Queryable): FactorStore {
  return {
    async of(personId) {
      const { rows } = await db.raw<{ rows: [{ factors: Factors }] }>(
        `SELECT ${factorsJson('?')} AS factors`,
        [personId],
      );
      return rows[0].factors;
    },
  };
}

/**
 * Lets changes of a person's factors come one after the other, in their transactions. Otherwise each of two removals would
 * leave the recovery codes to the factor that the other one takes.
 */
export async function lockFactorsOf(trx: Queryable, personId: string): Promise<void> {
  await trx('people').where({ id: personId }).forNoKeyUpdate().first('id');
}
