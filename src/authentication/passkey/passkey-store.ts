import type { Queryable } from '../../platform/database.ts';
import { prepare } from '../../platform/postgres/statements/prepared-statement.ts';
import { hashId } from '../../platform/secrets/digest.ts';
import { type DatabaseTime, SAME_CLOCK } from '../../platform/time/database-time.ts';

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
  }): Promise<'accepted' | 'challenge_used' | 'counter_went_back' | 'gone'>;
  /** Adds a passkey, and uses up the challenge, in the same way. */
  add(
    passkey: NewPasskey,
    challenge: UsedChallenge,
  ): Promise<'added' | 'challenge_used' | 'known' | 'many' | 'gone'>;
  /** False when the person has no such passkey. */
  rename(personId: string, credentialId: Buffer, name: string): Promise<boolean>;
  /** The name of the passkey that was removed; undefined when the person has no such passkey. */
  remove(personId: string, credentialId: Buffer): Promise<string | undefined>;
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

export interface NewPasskey {
  credentialId: Buffer;
  personId: string;
  publicKey: Buffer;
  counter: number;
  transports: readonly string[];
  aaguid: string;
  backedUp: boolean;
  name: string;
}

export interface UsedChallenge {
  value: string;
  expiresAt: Date;
}

/** Enough for all devices of a person, and a bound for the lists that browsers are sent. */
export const MOST_PASSKEYS = 20;

/** The person cannot be disabled before the statement ends. */
const use = prepare<
  { found: boolean; fresh: boolean; moved: boolean },
  { credentialId: Buffer; counter: number; backedUp: boolean; challengeHash: Buffer; expiresAt: Date }
>(
  'use_passkey',
  `
  WITH found AS MATERIALIZED (
    SELECT p.id FROM passkeys k JOIN people p ON p.id = k.person_id
    WHERE k.credential_id = :credentialId::bytea AND p.disabled_at IS NULL
    FOR SHARE OF p
  ),
  used AS (
    INSERT INTO used_proofs (id_hash, expires_at)
    SELECT :challengeHash::bytea, :expiresAt::timestamptz FROM found
    ON CONFLICT DO NOTHING RETURNING 1
  ),
  moved AS (
    UPDATE passkeys SET counter = :counter::bigint, backed_up = :backedUp::boolean, last_used_at = now()
    FROM used
    WHERE credential_id = :credentialId::bytea
      AND (counter < :counter::bigint OR (counter = 0 AND :counter::bigint = 0))
    RETURNING 1
  )
  SELECT EXISTS (SELECT FROM found) AS found, EXISTS (SELECT FROM used) AS fresh, EXISTS (SELECT FROM moved) AS moved`,
);

const add = prepare<
  { found: boolean; fresh: boolean; room: boolean; added: boolean },
  Omit<NewPasskey, 'transports'> & { transports: string; challengeHash: Buffer; expiresAt: Date }
>(
  'add_passkey',
  `
  WITH found AS MATERIALIZED (
    SELECT id, (SELECT count(*) FROM passkeys WHERE person_id = people.id) < ${MOST_PASSKEYS} AS room
    FROM people WHERE id = :personId AND disabled_at IS NULL FOR NO KEY UPDATE
  ),
  used AS (
    INSERT INTO used_proofs (id_hash, expires_at)
    SELECT :challengeHash::bytea, :expiresAt::timestamptz FROM found WHERE room
    ON CONFLICT DO NOTHING RETURNING 1
  ),
  added AS (
    INSERT INTO passkeys (credential_id, person_id, public_key, counter, transports, aaguid, backed_up, name)
    SELECT :credentialId::bytea, found.id, :publicKey::bytea, :counter::bigint,
           ARRAY(SELECT jsonb_array_elements_text(:transports::jsonb)), :aaguid, :backedUp::boolean, :name
    FROM found, used
    ON CONFLICT (credential_id) DO NOTHING RETURNING 1
  )
  SELECT EXISTS (SELECT FROM found) AS found, EXISTS (SELECT FROM found WHERE room) AS room,
         EXISTS (SELECT FROM used) AS fresh, EXISTS (SELECT FROM added) AS added`,
);

export function createPasskeyStore(db: Queryable, time: DatabaseTime = SAME_CLOCK): PasskeyStore {
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

    async use({ challenge, ...answer }) {
      const { rows } = await use(db, { ...answer, ...challengeValues(challenge) });
      const { found, fresh, moved } = rows[0] ?? {};
      if (!found) return 'gone';
      if (!fresh) return 'challenge_used';
      return moved ? 'accepted' : 'counter_went_back';
    },

    async add({ transports, ...passkey }, challenge) {
      const { rows } = await add(db, {
        ...passkey,
        transports: JSON.stringify(transports),
        ...challengeValues(challenge),
      });
      const { found, room, fresh, added } = rows[0] ?? {};
      if (!found) return 'gone';
      if (!room) return 'many';
      if (!fresh) return 'challenge_used';
      return added ? 'added' : 'known';
    },

    async rename(personId, credentialId, name) {
      const changed = await db('passkeys')
        .where({ person_id: personId, credential_id: credentialId })
        .update({ name });
      return changed === 1;
    },

    async remove(personId, credentialId) {
      const [removed] = await db('passkeys')
        .where({ person_id: personId, credential_id: credentialId })
        .delete()
        .returning('name');
      return removed?.name;
    },
  };
}
