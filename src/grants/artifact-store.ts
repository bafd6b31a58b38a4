import type { Queryable } from '../platform/database.ts';
import { prepare } from '../platform/postgres/statements/prepared-statement.ts';
import { hashId } from '../platform/secrets/digest.ts';
import { type DatabaseTime, SAME_CLOCK } from '../platform/time/database-time.ts';
import { fromRow, type Payload, toRow } from '../platform/time/payload-times.ts';
import type { Authorization } from './authorization.ts';
import { type FoundGrant, GRANT_COLUMNS, type GrantColumns, readGrant } from './grant-store.ts';
import { endInteraction } from './interactions/end-interaction.ts';
import { interactionCreator } from './interactions/new-interaction.ts';
import { type NewGrant, type NewGrantValues, newGrantValues, withNewGrant } from './new-grant.ts';
import { type AuthorizationCodeRedemption, createRedemption } from './redeem-code.ts';

/** The protocol's short-lived objects that are rows of `artifacts`. */
export type ArtifactModel = 'Interaction' | 'AuthorizationCode' | 'PushedAuthorizationRequest';

export interface Artifact {
  payload: Payload;
  /** Whether a code or pushed request was used, or an interaction ended. */
  consumed: boolean;
  /** A code's grant and its person, from the same query. */
  grant: FoundGrant | undefined;
}

/**
 * Interactions, codes and pushed requests. Each is found by a hash of its id, which only the holder has. Expired rows
 * are still found, so that the holder learns that they expired.
 */
export interface ArtifactStore {
  find(model: ArtifactModel, id: string): Promise<Artifact | undefined>;
  /** Drops the oldest unanswered interactions if a new one with an `addressMac` is one too many. */
  create(artifact: NewArtifact): Promise<void>;
  /**
   * Saves a code and its grant, which is new with each authorization, in one statement. Returns false and saves
   * nothing if the person was disabled, changed the password, was signed out of the session, or withdrew the consent.
   * Such changes wait for this statement.
   */
  createWithGrant(artifact: NewArtifact, grant: NewGrant): Promise<boolean>;
  /** False when the artifact was destroyed or ended meanwhile: it must not come back. */
  update(artifact: NewArtifact): Promise<boolean>;
  /**
   * Redeems an authorization code for exactly one caller (redeem-code.ts). Otherwise returns undefined and changes
   * nothing.
   */
  redeem(redemption: AuthorizationCodeRedemption): Promise<Authorization | undefined>;
  /** Marks a pushed request used. True for exactly one caller, however many call at once. */
  consume(model: ArtifactModel, id: string): Promise<boolean>;
  /** Keeps the row until `until` at least. It does not become good for longer: that is in its payload. */
  keep(model: ArtifactModel, id: string, until: Date): Promise<void>;
  /** True for exactly one caller. An interaction that a person has answered stays as consumed (end-interaction.ts). */
  destroy(model: ArtifactModel, id: string): Promise<boolean>;
}

export interface NewArtifact {
  model: ArtifactModel;
  id: string;
  payload: Payload;
  grantId?: string | undefined;
  /** For an interaction: the person who has just answered it. */
  personId?: string | undefined;
  /** For a new interaction: a keyed hash of the address from which it is begun. */
  addressMac?: Buffer | undefined;
  expiresAt: Date;
}

interface Row extends GrantColumns {
  payload: Payload;
  consumed_at: Date | null;
}

const findArtifact = prepare<Row, { model: ArtifactModel; idHash: Buffer }>(
  'find_artifact',
  `
  SELECT a.payload, a.consumed_at, ${GRANT_COLUMNS}
  FROM artifacts a LEFT JOIN grants g ON g.id = a.grant_id
  WHERE a.model = :model AND a.id_hash = :idHash`,
);

interface NewCodeValues extends NewGrantValues {
  model: ArtifactModel;
  idHash: Buffer;
  payload: string;
  expiresAt: Date;
}

const createWithGrant = prepare<never, NewCodeValues>(
  'create_code_with_grant',
  `
  WITH ${withNewGrant()}
  INSERT INTO artifacts (model, id_hash, grant_id, payload, expires_at)
  SELECT :model, :idHash::bytea, new_grant.id, :payload::jsonb, :expiresAt::timestamptz FROM new_grant`,
);

export function createArtifactStore(db: Queryable, time: DatabaseTime = SAME_CLOCK): ArtifactStore {
  const row = ({ model, id, payload, grantId, personId, expiresAt }: NewArtifact) => ({
    model,
    id_hash: hashId(id),
    grant_id: grantId ?? null,
    person_id: personId ?? null,
    payload: JSON.stringify(toRow(payload, time)),
    expires_at: time.toDatabase(expiresAt),
  });

  const createInteraction = interactionCreator(db);
  return {
    async find(model, id) {
      const { rows } = await findArtifact(db, { model, idHash: hashId(id) });
      const [row] = rows;
      return (
        row && {
          payload: fromRow(row.payload, time),
          consumed: row.consumed_at !== null,
          grant: readGrant(row, time),
        }
      );
    },

    async create(artifact) {
      const { addressMac } = artifact;
      const { model, id_hash: idHash, person_id: personId, payload, expires_at: expiresAt } = row(artifact);
      if (model === 'Interaction' && addressMac)
        return createInteraction({ idHash, personId, payload, expiresAt, addressMac });
      await db('artifacts').insert(row(artifact));
    },

    async createWithGrant({ model, id, payload, expiresAt }, grant) {
      const { rowCount } = await createWithGrant(db, {
        ...newGrantValues(grant, time),
        model,
        idHash: hashId(id),
        payload: JSON.stringify(toRow(payload, time)),
        expiresAt: time.toDatabase(expiresAt),
      });
      return rowCount === 1;
    },

    async update(artifact) {
      const { model, id_hash, ...columns } = row(artifact);
      // A person has answered, so it is no longer dropped for being one of too many.
      const answered = columns.person_id === null ? {} : { address_mac: null };
      return (
        (await db('artifacts')
          .where({ model, id_hash, consumed_at: null })
          .update({ ...columns, ...answered })) === 1
      );
    },

    redeem: createRedemption(db, time),

    async consume(model, id) {
      const changed = await db('artifacts')
        .where({ model, id_hash: hashId(id), consumed_at: null })
        .update({ consumed_at: db.fn.now() });
      return changed === 1;
    },

    async keep(model, id, until) {
      await db('artifacts')
        .where({ model, id_hash: hashId(id) })
        .where('expires_at', '<', time.toDatabase(until))
        .update({ expires_at: time.toDatabase(until) });
    },

    async destroy(model, id) {
      if (model === 'Interaction') return endInteraction(db, hashId(id));
      const deleted = await db('artifacts')
        .where({ model, id_hash: hashId(id) })
        .delete();
      return deleted === 1;
    },
  };
}
