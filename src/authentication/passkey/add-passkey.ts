import { type AuditValues, withAudit } from '../../audit/record.ts';
import { prepare } from '../../platform/postgres/statements/prepared-statement.ts';
import { BEGINNING, type ChallengeValues } from './use-passkey.ts';

/** Enough for all devices of a person, and a bound for the lists that browsers are sent. */
export const MOST_PASSKEYS = 20;

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

type AddValues = Omit<NewPasskey, 'transports'> & { transports: string } & ChallengeValues & AuditValues;

export const addPasskey = prepare<
  { found: boolean; fresh: boolean; room: boolean; added: boolean },
  AddValues
>(
  'add_passkey',
  `
  WITH found AS MATERIALIZED (
    SELECT id, instance_id, (SELECT count(*) FROM passkeys WHERE person_id = people.id) < ${MOST_PASSKEYS} AS room
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
    ON CONFLICT (credential_id) DO NOTHING RETURNING credential_id
  ),
  ${withAudit('found, added', 'passkey.added', {
    person: 'found.id',
    client: 'NULL',
    instance: 'found.instance_id',
    detail: BEGINNING('added.credential_id'),
  })}
  SELECT EXISTS (SELECT FROM found) AS found, EXISTS (SELECT FROM found WHERE room) AS room,
         EXISTS (SELECT FROM used) AS fresh, EXISTS (SELECT FROM added) AS added`,
);
