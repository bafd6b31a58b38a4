import { lockFactorsOf } from '../../accounts/factor-store.ts';
import { actsFor, type Origin, recordAudit } from '../../audit/record.ts';
import type { Queryable } from '../../platform/database.ts';
import { prepare } from '../../platform/postgres/statements/prepared-statement.ts';
import type { SecretBox } from '../../platform/secrets/secret-box.ts';
import type { FactorNotices } from '../factor-notices.ts';
import { addRecoveryCodes } from '../recovery-codes/recovery-code-store.ts';

/** A person's authenticator app. */
export interface TotpFactor {
  id: string;
  secret: string;
  createdAt: Date;
  lastUsedAt: Date | null;
}

export interface TotpStore {
  find(personId: string): Promise<TotpFactor | undefined>;
  /**
   * Uses the code of a time step. True for exactly one caller, and only after the steps that were used before. False as
   * well if the person removed the app meanwhile.
   */
  use(personId: string, id: string, step: number): Promise<boolean>;
  /**
   * Adds an app, with the step of its first code. `codes` become the person's recovery codes if there are none. The
   * person is told by mail. Undefined if there is an app already, or the person was disabled.
   */
  add(
    app: { personId: string; secret: string; step: number; codes: readonly string[] },
    origin: Origin | undefined,
  ): Promise<{ id: string; codesAdded: boolean } | undefined>;
  /** Removes it, with the recovery codes if no factor is left (the trigger `forget_recovery_codes`). */
  remove(personId: string, origin: Origin | undefined): Promise<boolean>;
}

/** As it stands in a sentence of a mail. */
const NAME = 'codes from an authenticator app';

const use = prepare<never, { personId: string; id: string; step: number }>(
  'use_totp_step',
  `UPDATE totp_factors SET last_step = :step, last_used_at = now()
   WHERE person_id = :personId AND id = :id::uuid AND last_step < :step`,
);

export function createTotpStore(
  db: Queryable,
  { box, notices }: { box: SecretBox; notices: FactorNotices },
): TotpStore {
  return {
    async find(personId) {
      const row = await db('totp_factors').where({ person_id: personId }).first();
      return (
        row && {
          id: row.id,
          secret: box.open(row.secret_sealed, contextOf(personId)),
          createdAt: row.created_at,
          lastUsedAt: row.last_used_at,
        }
      );
    },

    async use(personId, id, step) {
      return (await use(db, { personId, id, step })).rowCount === 1;
    },

    add({ personId, secret, step, codes }, origin) {
      return db.transaction(async (trx) => {
        const { rows } = await trx.raw<{ rows: { id: string }[] }>(
          `INSERT INTO totp_factors (person_id, secret_sealed, last_step)
           SELECT id, ?, ? FROM people WHERE id = ? AND disabled_at IS NULL FOR SHARE
           ON CONFLICT DO NOTHING RETURNING id`,
          [box.seal(secret, contextOf(personId)), step, personId],
        );
        const [added] = rows;
        if (!added) return undefined;
        await recordAudit(trx, { event: 'factor.added', personId, detail: { kind: 'totp' } }, origin);
        await notices.factorAdded(trx, personId, NAME);
        return { id: added.id, codesAdded: await addRecoveryCodes(trx, personId, codes) };
      });
    },

    remove(personId, origin) {
      return db.transaction(async (trx) => {
        await lockFactorsOf(trx, personId);
        // The trigger `audit_factor` tells of it.
        await actsFor(trx, origin);
        const removed = await trx('totp_factors').where({ person_id: personId }).delete();
        if (removed === 0) return false;
        await notices.factorRemoved(trx, personId, NAME);
        return true;
      });
    },
  };
}

function contextOf(personId: string): string {
  return `totp:${personId}`;
}
