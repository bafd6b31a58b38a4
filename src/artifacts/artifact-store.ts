import { createHash } from 'node:crypto';
import type { Queryable } from '../platform/database.ts';
import type { Grant } from './grant-store.ts';

/** The protocol's short-lived objects that are rows of `artifacts`. */
export type ArtifactModel = 'Session' | 'Interaction' | 'AuthorizationCode' | 'PushedAuthorizationRequest';

export type Payload = Record<string, unknown>;

export interface Artifact {
  payload: Payload;
  consumed: boolean;
  /** The grant that a code belongs to, from the same query. */
  grant?: { id: string; payload: Payload };
}

/**
 * Sessions, interactions, codes and refresh tokens. Each is found by a hash of what its holder presents, which is
 * not among the columns. Expired rows are still found: their holder is told that they expired.
 */
export interface ArtifactStore {
  find(model: ArtifactModel, id: string): Promise<Artifact | undefined>;
  /** A session by the name that stays when its id changes. */
  findSession(uid: string): Promise<Artifact | undefined>;
  save(artifact: NewArtifact): Promise<void>;
  /** Saves a code together with the grant it belongs to, which is new with each authorization: one statement. */
  saveWithGrant(artifact: NewArtifact, grant: Grant): Promise<void>;
  /** Marks it used. True for exactly one caller, however many ask at once. */
  consume(model: ArtifactModel, id: string): Promise<boolean>;
  destroy(model: ArtifactModel, id: string): Promise<void>;
}

export interface NewArtifact {
  model: ArtifactModel;
  id: string;
  payload: Payload;
  grantId?: string | undefined;
  sessionUid?: string | undefined;
  expiresAt: Date;
}

const FIND = `
  SELECT a.payload, a.consumed_at, a.grant_id, g.payload AS grant_payload
  FROM artifacts a LEFT JOIN grants g ON g.id = a.grant_id
  WHERE a.model = ? AND a.id_hash = ?`;

interface Row {
  payload: Payload;
  consumed_at: Date | null;
  grant_id: string | null;
  grant_payload: Payload | null;
}

const SAVE = `
  INSERT INTO artifacts (model, id_hash, grant_id, session_uid, payload, expires_at) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (model, id_hash) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at`;

const SAVE_WITH_GRANT = `
  WITH new_grant AS (
    INSERT INTO grants (id, person_id, client_id, session_uid, payload, expires_at) VALUES (?, ?, ?, ?, ?, ?)
  )
  ${SAVE}`;

export function createArtifactStore(db: Queryable): ArtifactStore {
  const save = ({ model, id, payload, grantId, sessionUid, expiresAt }: NewArtifact) => [
    model,
    hashOf(id),
    grantId ?? null,
    sessionUid ?? null,
    JSON.stringify(payload),
    expiresAt,
  ];

  return {
    async find(model, id) {
      const { rows } = await db.raw<{ rows: Row[] }>(FIND, [model, hashOf(id)]);
      const [row] = rows;
      return (
        row && {
          payload: row.payload,
          consumed: row.consumed_at !== null,
          ...(row.grant_id && row.grant_payload
            ? { grant: { id: row.grant_id, payload: row.grant_payload } }
            : {}),
        }
      );
    },

    async findSession(uid) {
      const row = await db('artifacts').where({ model: 'Session', session_uid: uid }).first('payload');
      return row && { payload: row.payload, consumed: false };
    },

    async save(artifact) {
      await db.raw(SAVE, save(artifact));
    },

    async saveWithGrant(artifact, grant) {
      await db.raw(SAVE_WITH_GRANT, [
        grant.id,
        grant.personId,
        grant.clientId,
        grant.sessionUid,
        JSON.stringify(grant.payload),
        grant.expiresAt,
        ...save(artifact),
      ]);
    },

    async consume(model, id) {
      const changed = await db('artifacts')
        .where({ model, id_hash: hashOf(id), consumed_at: null })
        .update({ consumed_at: db.fn.now() });
      return changed === 1;
    },

    async destroy(model, id) {
      await db('artifacts')
        .where({ model, id_hash: hashOf(id) })
        .delete();
    },
  };
}

/** Ids are at least 128 random bits, so a plain hash cannot be searched for. */
function hashOf(id: string): Buffer {
  return createHash('sha256').update(id).digest();
}
