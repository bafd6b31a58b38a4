import { lockFactorsOf } from '../../accounts/factor-store.ts';
import { type AuditValues, auditValues, COMES_FROM, type Origin, withAudit } from '../../audit/record.ts';
import type { Queryable } from '../../platform/database.ts';
import { prepare } from '../../platform/postgres/statements/prepared-statement.ts';
import { hashId } from '../../platform/secrets/digest.ts';
import { type DatabaseTime, SAME_CLOCK } from '../../platform/time/database-time.ts';
import type { FactorNotices } from '../factor-notices.ts';
import { addRecoveryCodes } from '../recovery-codes/recovery-code-store.ts';
import { addPasskey, type NewPasskey } from './add-passkey.ts';
import { BEGINNING, usePasskey } from './use-passkey.ts';

export interface PasskeyStore {
  /** The passkey of a person of this instance, also of one who is disabled. */
  find(credentialId: Buffer, instanceId: string): Promise<StoredPasskey | undefined>;
  /** The oldest first. */
  list(personId: string): Promise<Passkey[]>;
  /**
   * Accepts an answer, and uses up its challenge. One statement decides, so of many answers to one challenge one is
   * accepted, at several processes, too.
   */
  use(answer: {
    credentialId: Buffer;
    counter: number;
    backedUp: boolean;
    challenge: UsedChallenge;
    origin: Origin;
  }): Promise<'accepted' | 'challenge_used' | 'counter_went_back' | 'gone'>;
  /**
   * Adds a passkey, and uses up the challenge, in the same way. Its owner gets the recovery codes if they had none.
   */
  add(
    passkey: NewPasskey,
    more: { challenge: UsedChallenge; codes: readonly string[]; origin: Origin },
  ): Promise<
    { outcome: 'added'; codesAdded: boolean } | { outcome: 'challenge_used' | 'known' | 'many' | 'gone' }
  >;
  /** False when the person has no such passkey. */
  rename(personId: string, credentialId: Buffer, name: string, origin: Origin): Promise<boolean>;
  /** The name of the passkey that was removed; undefined when the person has no such passkey. */
  remove(personId: string, credentialId: Buffer, origin: Origin): Promise<string | undefined>;
}

export interface Passkey {
  credentialId: Buffer;
  name: string;
  transports: readonly string[];
  backedUp: boolean;
  createdAt: Date;
  lastUsedAt: Date | null;
}

export interface StoredPasskey {
  personId: string;
  publicKey: Buffer;
  transports: readonly string[];
  disabled: boolean;
}

export interface UsedChallenge {
  value: string;
  expiresAt: Date;
}

const WITH_RENAMED = withAudit('changed JOIN people p ON p.id = changed.person_id', 'passkey.renamed', {
  person: 'p.id',
  client: 'NULL',
  instance: 'p.instance_id',
  detail: BEGINNING('changed.credential_id'),
});

const rename = prepare<never, { personId: string; credentialId: Buffer; name: string } & AuditValues>(
  'rename_passkey',
  `
  WITH changed AS (
    UPDATE passkeys SET name = :name WHERE person_id = :personId AND credential_id = :credentialId::bytea
    RETURNING person_id, credential_id
  ),
  ${WITH_RENAMED}
  SELECT FROM changed`,
);

/** The trigger `audit_factor` tells of it. */
const remove = prepare<{ name: string }, { personId: string; credentialId: Buffer } & AuditValues>(
  'remove_passkey',
  `
  DELETE FROM passkeys WHERE person_id = :personId AND credential_id = :credentialId::bytea AND ${COMES_FROM}
  RETURNING name`,
);

/** How a notice calls it. */
const WHAT = 'a passkey';

/** Its owner is told of a passkey that was added or removed. */
export function createPasskeyStore(
  db: Queryable,
  notices: FactorNotices,
  time: DatabaseTime = SAME_CLOCK,
): PasskeyStore {
  const challengeValues = ({ value, expiresAt }: UsedChallenge) => ({
    challengeHash: hashId(value),
    expiresAt: time.toDatabase(expiresAt),
  });
  return {
    async find(credentialId, instanceId) {
      const row = await db('passkeys as k')
        .join('people as p', 'p.id', 'k.person_id')
        .where({ 'k.credential_id': credentialId, 'p.instance_id': instanceId })
        .first('k.person_id', 'k.public_key', 'k.transports', 'p.disabled_at');
      return (
        row && {
          personId: row.person_id,
          publicKey: Buffer.from(row.public_key),
          transports: row.transports,
          disabled: row.disabled_at !== null,
        }
      );
    },

    async list(personId) {
      const rows = await db('passkeys')
        .where({ person_id: personId })
        .orderBy(['created_at', 'credential_id'])
        .select('credential_id', 'name', 'transports', 'backed_up', 'created_at', 'last_used_at');
      return rows.map((row) => ({
        credentialId: Buffer.from(row.credential_id),
        name: row.name,
        transports: row.transports,
        backedUp: row.backed_up,
        createdAt: time.fromDatabase(row.created_at),
        lastUsedAt: row.last_used_at && time.fromDatabase(row.last_used_at),
      }));
    },

    async use({ challenge, origin, ...answer }) {
      const { rows } = await usePasskey(db, {
        ...answer,
        ...challengeValues(challenge),
        ...auditValues(origin),
      });
      const { found, fresh, moved } = rows[0] ?? {};
      if (!found) return 'gone';
      if (!fresh) return 'challenge_used';
      return moved ? 'accepted' : 'counter_went_back';
    },

    async add({ transports, ...passkey }, { challenge, codes, origin }) {
      return db.transaction(async (trx) => {
        const { rows } = await addPasskey(trx, {
          ...passkey,
          transports: JSON.stringify(transports),
          ...challengeValues(challenge),
          ...auditValues(origin),
        });
        const { found, room, fresh, added } = rows[0] ?? {};
        if (!found) return { outcome: 'gone' };
        if (!room) return { outcome: 'many' };
        if (!fresh) return { outcome: 'challenge_used' };
        if (!added) return { outcome: 'known' };
        await notices.factorAdded(trx, passkey.personId, WHAT);
        return { outcome: 'added', codesAdded: await addRecoveryCodes(trx, passkey.personId, codes) };
      });
    },

    async rename(personId, credentialId, name, origin) {
      const { rowCount } = await rename(db, { personId, credentialId, name, ...auditValues(origin) });
      return rowCount === 1;
    },

    async remove(personId, credentialId, origin) {
      return db.transaction(async (trx) => {
        await lockFactorsOf(trx, personId);
        const { rows } = await remove(trx, { personId, credentialId, ...auditValues(origin) });
        const [removed] = rows;
        if (removed) await notices.factorRemoved(trx, personId, WHAT);
        return removed?.name;
      });
    },
  };
}
