import type { Person } from '../accounts/person.ts';
import { PERSON_SIGNING_IN, personJson, readPerson } from '../accounts/person-store.ts';
import type { Queryable } from '../platform/database.ts';
import { type DatabaseTime, SAME_CLOCK } from '../platform/database-time.ts';
import { hashId } from '../platform/digest.ts';
import { fromRow, type Payload, toRow } from '../platform/payload-times.ts';
import { prepare } from '../platform/prepared-statement.ts';

/** A browser that is signed in to an instance. */
export interface StoredSession {
  /** Stays when the id in the browser's cookie changes. */
  uid: string;
  personId: string | undefined;
  payload: Payload;
  expiresAt: Date;
  /** Present when the person has just signed in: of the password, '' without one. */
  passwordFingerprint?: string | undefined;
}

/**
 * Browser sessions. Their ids, which browsers hold in a cookie, are kept as hashes. Ending one ends the grants that
 * were given in it, in the same transaction (migration 0007).
 */
export interface SessionStore {
  /** With the person who is signed in, unless they are disabled, in one round trip. */
  find(id: string): Promise<{ payload: Payload; person: Person | undefined } | undefined>;
  findByUid(uid: string): Promise<Payload | undefined>;
  /** Begins one; false when who signs in was disabled meanwhile or has another password by now: that waits for it. */
  start(id: string, session: StoredSession): Promise<boolean>;
  /**
   * Saves a session that was there a moment ago, perhaps under a new id. One that was ended since stays ended, and one
   * that somebody signed in to stays theirs; who has just signed in is looked at as by `start`. False when it was
   * not saved.
   */
  update(id: string, session: StoredSession): Promise<boolean>;
  end(uid: string): Promise<void>;
}

const findSession = prepare<{ payload: Payload; person: Person | null }>(
  'find_session',
  `SELECT s.payload, ${personJson('s.person_id')} AS person FROM sessions s WHERE s.id_hash = ?`,
);

/** Of somebody who was signed in before; whoever has just signed in is looked at again. */
const prolong = prepare<never>(
  'prolong_session',
  'UPDATE sessions SET id_hash = ?, person_id = ?, payload = ?, expires_at = ? WHERE uid = ?',
);

const START = `
  WITH person AS (${PERSON_SIGNING_IN})
  INSERT INTO sessions (uid, id_hash, person_id, payload, expires_at)
  SELECT ?, ?::bytea, person.id, ?::jsonb, ?::timestamptz FROM person`;

export function createSessionStore(db: Queryable, time: DatabaseTime = SAME_CLOCK): SessionStore {
  const columns = (id: string, { uid, personId, payload, expiresAt }: StoredSession) => ({
    uid,
    id_hash: hashId(id),
    person_id: personId ?? null,
    payload: JSON.stringify(toRow(payload, time)),
    expires_at: time.toDatabase(expiresAt),
  });
  return {
    async find(id) {
      const { rows } = await findSession(db, [hashId(id)]);
      const [row] = rows;
      return row && { payload: fromRow(row.payload, time), person: readPerson(row.person) };
    },
    async findByUid(uid) {
      const row = await db('sessions').where({ uid }).first('payload');
      return row && fromRow(row.payload, time);
    },
    async start(id, session) {
      const { personId, passwordFingerprint = '' } = session;
      if (personId === undefined) {
        await db('sessions').insert(columns(id, session));
        return true;
      }
      const { rowCount } = await db.raw<{ rowCount: number }>(START, [
        personId,
        passwordFingerprint,
        session.uid,
        hashId(id),
        JSON.stringify(toRow(session.payload, time)),
        time.toDatabase(session.expiresAt),
      ]);
      return rowCount === 1;
    },
    async update(id, session) {
      const { uid, personId = '', passwordFingerprint } = session;
      if (personId !== '' && passwordFingerprint === undefined) {
        const payload = JSON.stringify(toRow(session.payload, time));
        const values = [hashId(id), personId, payload, time.toDatabase(session.expiresAt), uid];
        return (await prolong(db, values)).rowCount === 1;
      }
      const row = db('sessions').where({ uid });
      // Nobody is signed out by saving: another tab may have signed somebody in since this one looked.
      if (personId === '') row.whereNull('person_id');
      if (passwordFingerprint !== undefined)
        row.whereRaw(`EXISTS (${PERSON_SIGNING_IN})`, [personId, passwordFingerprint]);
      return (await row.update(columns(id, session))) === 1;
    },
    async end(uid) {
      await db('sessions').where({ uid }).delete();
    },
  };
}
