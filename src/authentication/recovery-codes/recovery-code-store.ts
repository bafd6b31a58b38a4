import { type Origin, recordAudit } from '../../audit/record.ts';
import type { Queryable } from '../../platform/database.ts';
import { hashId } from '../../platform/secrets/digest.ts';
import { normalizedCode } from './recovery-code.ts';

export interface RecoveryCodeStore {
  /** Uses a code up, however it was typed. True for exactly one caller. */
  use(personId: string, typed: string, origin: Origin | undefined): Promise<boolean>;
  /** Puts these codes in the place of all that the person had. False if the person has no factor for them to stand in for. */
  replace(personId: string, codes: readonly string[], origin: Origin | undefined): Promise<boolean>;
}

export function createRecoveryCodeStore(db: Queryable): RecoveryCodeStore {
  return {
    use(personId, typed, origin) {
      return db.transaction(async (trx) => {
        const used = await trx('recovery_codes')
          .where({ person_id: personId, code_hash: hashId(normalizedCode(typed)) })
          .delete();
        if (used === 0) return false;
        const { count = 0 } =
          (await trx('recovery_codes').where({ person_id: personId }).count().first()) ?? {};
        await recordAudit(
          trx,
          { event: 'recovery_code.used', personId, detail: { left: Number(count) } },
          origin,
        );
        return true;
      });
    },

    replace(personId, codes, origin) {
      return db.transaction(async (trx) => {
        const { rows } = await trx.raw<{ rows: unknown[] }>(
          'SELECT FROM people WHERE id = ? AND disabled_at IS NULL FOR NO KEY UPDATE',
          [personId],
        );
        if (rows.length === 0) return false;
        await trx('recovery_codes').where({ person_id: personId }).delete();
        if (!(await addRecoveryCodes(trx, personId, codes))) return false;
        await recordAudit(trx, { event: 'recovery_codes.replaced', personId }, origin);
        return true;
      });
    },
  };
}

/** Gives codes to a person who has none, and has a factor for which they stand in. Returns whether they got them. */
export async function addRecoveryCodes(
  db: Queryable,
  personId: string,
  codes: readonly string[],
): Promise<boolean> {
  const { rowCount } = await db.raw<{ rowCount: number }>(
    `INSERT INTO recovery_codes (person_id, code_hash)
     SELECT ?, unnest(?::bytea[])
     WHERE NOT EXISTS (SELECT FROM recovery_codes WHERE person_id = ?)
       AND (EXISTS (SELECT FROM totp_factors WHERE person_id = ?) OR EXISTS (SELECT FROM passkeys WHERE person_id = ?))`,
    [personId, codes.map(hashId) as never, personId, personId, personId],
  );
  return rowCount > 0;
}
