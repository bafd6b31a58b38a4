import type { Queryable } from '../../platform/database.ts';
import { prepare } from '../../platform/postgres/statements/prepared-statement.ts';

/**
 * Ends an interaction for exactly one caller. One that a person has answered stays until it expires, with the request
 * and without the answer, so that its browser can repeat the request. One that nobody has answered is deleted: anybody
 * can begin and call off as many as they like.
 */
const end = prepare<{ ended: number }, { idHash: Buffer }>(
  'end_interaction',
  `
  WITH found AS MATERIALIZED (
    SELECT person_id FROM artifacts WHERE model = 'Interaction' AND id_hash = :idHash AND consumed_at IS NULL
    FOR UPDATE
  ),
  kept AS (
    UPDATE artifacts SET consumed_at = now(), payload = payload - '{result,lastSubmission}'::text[]
    WHERE model = 'Interaction' AND id_hash = :idHash AND EXISTS (SELECT FROM found WHERE person_id IS NOT NULL)
  ),
  dropped AS (
    DELETE FROM artifacts
    WHERE model = 'Interaction' AND id_hash = :idHash AND EXISTS (SELECT FROM found WHERE person_id IS NULL)
  )
  SELECT count(*)::int AS ended FROM found`,
);

/** True for exactly one caller. */
export async function endInteraction(db: Queryable, idHash: Buffer): Promise<boolean> {
  const { rows } = await end(db, { idHash });
  return rows[0]?.ended === 1;
}
