import { type AuditValues, withAudit } from '../../audit/record.ts';
import { prepare } from '../../platform/postgres/statements/prepared-statement.ts';

/** The beginning of its id, for the audit trail. */
export const BEGINNING = (id: string) => `jsonb_build_object('passkey', left(encode(${id}, 'hex'), 16))`;

/** A challenge that the statement uses up. */
export interface ChallengeValues {
  challengeHash: Buffer;
  expiresAt: Date;
}

interface UseValues extends ChallengeValues, AuditValues {
  credentialId: Buffer;
  counter: number;
  backedUp: boolean;
}

/** The person cannot be disabled before the statement ends. */
export const usePasskey = prepare<{ found: boolean; fresh: boolean; moved: boolean }, UseValues>(
  'use_passkey',
  `
  WITH found AS MATERIALIZED (
    SELECT p.id, p.instance_id FROM passkeys k JOIN people p ON p.id = k.person_id
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
  ),
  ${withAudit('found, used', 'passkey.suspected', {
    person: 'found.id',
    client: 'NULL',
    instance: 'found.instance_id',
    detail: BEGINNING(':credentialId::bytea'),
    condition: 'NOT EXISTS (SELECT FROM moved)',
  })}
  SELECT EXISTS (SELECT FROM found) AS found, EXISTS (SELECT FROM used) AS fresh, EXISTS (SELECT FROM moved) AS moved`,
);
