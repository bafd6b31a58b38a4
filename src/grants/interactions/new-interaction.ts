import type { Queryable } from '../../platform/database.ts';
import { prepare } from '../../platform/postgres/statements/prepared-statement.ts';

/** An interaction is kept for an hour although nobody answers it, and anybody can begin one. */
const MOST_FOR_AN_ADDRESS = 1000;

const MEBIBYTE = 1024 * 1024;

/** All unanswered interactions together stay below 100 MiB. */
const MOST_BYTES = 100 * MEBIBYTE;

/** Adding up all sizes is dear, so each process does it only after it has added this much, and at its first interaction. */
const BYTES_BETWEEN_SWEEPS = MEBIBYTE;

/** A sweep leaves room for what eight processes add before their next one. */
const BYTES_AFTER_SWEEP = MOST_BYTES - 8 * BYTES_BETWEEN_SWEEPS;

/** Many times what comes in between two sweeps, so that no request works for long. */
const MOST_ROWS_OF_A_SWEEP = 10_000;

/** The bytes of a row beside its payload, with its index entries. */
const ROW_BYTES = 400;

export interface NewInteraction {
  idHash: Buffer;
  /** Always null: nobody has answered yet. */
  personId: string | null;
  payload: string;
  expiresAt: Date;
  /** A keyed hash of the address from which it was begun. */
  addressMac: Buffer;
}

/** The interactions of the new one's address that are too many with it, oldest first. */
const TOO_MANY = `
  SELECT id_hash FROM artifacts WHERE address_mac = :addressMac
  ORDER BY expires_at DESC OFFSET ${MOST_FOR_AN_ADDRESS - 1}`;

const TOO_LARGE = `
  SELECT id_hash FROM (
    SELECT id_hash, sum(pg_column_size(payload) + ${ROW_BYTES}) OVER (ORDER BY expires_at DESC, id_hash) AS so_far
    FROM artifacts WHERE address_mac IS NOT NULL
  ) AS unanswered
  WHERE so_far > ${BYTES_AFTER_SWEEP} ORDER BY so_far DESC LIMIT ${MOST_ROWS_OF_A_SWEEP}`;

/**
 * One statement saves an interaction and drops the oldest ones that are too many. It passes over rows that another
 * request is changing, so that two requests never wait for each other.
 */
function createSql(tooMany: string): string {
  return `
  WITH dropped AS (
    DELETE FROM artifacts WHERE model = 'Interaction' AND id_hash = ANY (ARRAY(
      SELECT id_hash FROM artifacts WHERE model = 'Interaction' AND id_hash = ANY (ARRAY(${tooMany}))
      FOR UPDATE SKIP LOCKED
    ))
  )
  INSERT INTO artifacts (model, id_hash, person_id, payload, expires_at, address_mac)
  VALUES ('Interaction', :idHash, :personId, :payload, :expiresAt, :addressMac)`;
}

const create = prepare<never, NewInteraction>('create_interaction', createSql(TOO_MANY));
const createAndSweep = prepare<never, NewInteraction>(
  'create_interaction_and_sweep',
  createSql(`(${TOO_MANY}) UNION ALL (${TOO_LARGE})`),
);

/** Saves interactions. It remembers how much this process has added since it last looked at all of them. */
export function interactionCreator(db: Queryable): (interaction: NewInteraction) => Promise<void> {
  let unswept = Number.POSITIVE_INFINITY;
  return async (interaction) => {
    const bytes = Buffer.byteLength(interaction.payload) + ROW_BYTES;
    const sweeps = unswept >= BYTES_BETWEEN_SWEEPS;
    unswept = sweeps ? bytes : unswept + bytes;
    await (sweeps ? createAndSweep : create)(db, interaction);
  };
}
