import type { Person } from '../accounts/person.ts';
import { PERSON_SIGNING_IN, type PersonSigningIn, personJson, readPerson } from '../accounts/person-store.ts';
import type { Queryable } from '../platform/database.ts';
import { prepare } from '../platform/postgres/statements/prepared-statement.ts';
import { hashId } from '../platform/secrets/digest.ts';
import { type DatabaseTime, SAME_CLOCK } from '../platform/time/database-time.ts';
import { fromRow, type Payload, toRow } from '../platform/time/payload-times.ts';
import {
  endingOf,
  type SessionEnding,
  type SignInFacts,
  type SignInValues,
  signInValues,
  WITH_SIGN_IN,
} from './session-audit.ts';

/** A browser that is signed in to an instance. */
export interface StoredSession {
  /** Stays the same when the id in the browser's cookie changes. */
  uid: string;
  personId: string | undefined;
  payload: Payload;
  expiresAt: Date;
  /** Present when the person has just signed in: the fingerprint of their password, '' without one. */
  passwordFingerprint?: string | undefined;
  /** Present when the session is saved for this sign-in for the first time: what the audit trail tells of it. */
  signIn?: SignInFacts | undefined;
  /** How the browser names itself. */
  userAgent?: string | undefined;
  /** With it, the stored factors that they have just proven as well. */
  provenFactors?: readonly string[] | undefined;
  /** A keyed hash of the address of a browser that begins a session before anybody signs in. */
  addressMac?: Buffer | undefined;
}

/** Anybody can begin a session without a person, so an address has this many at most. */
const MOST_WITHOUT_PERSON = 1000;

/**
 * Browser sessions. Their ids, which browsers hold in a cookie, are stored as hashes. When a session's row is
 * deleted, the trigger `end_session` ends the session's grants in the same transaction. The trigger `end_sessions` deletes
 * those of a person who is deleted.
 */
export interface SessionStore {
  /** Finds the session and its person, unless they are disabled, in one round trip. */
  find(id: string): Promise<{ payload: Payload; expiresAt: Date; person: Person | undefined } | undefined>;
  findByUid(uid: string): Promise<Payload | undefined>;
  /**
   * Creates a session. Returns false if the person was disabled, or changed the password, while signing in; such a
   * change waits for this statement. A session without a person drops the oldest ones of its address that are too
   * many.
   */
  start(id: string, session: StoredSession): Promise<boolean>;
  /**
   * Saves a session that was loaded a moment ago, perhaps under a new id. A session that has ended stays ended, and
   * one that somebody signed in to stays theirs. For a person who has just signed in, the rules of `start` apply.
   * Returns false when nothing was saved.
   */
  update(id: string, session: StoredSession): Promise<boolean>;
  end(uid: string, why: SessionEnding): Promise<void>;
  /** Ends a session if it goes on and is this person's. Otherwise returns false. */
  endOf(personId: string, uid: string, why: SessionEnding): Promise<boolean>;
}

const findSession = prepare<
  { payload: Payload; expires_at: Date; person: Person | null },
  { idHash: Buffer }
>(
  'find_session',
  `SELECT s.payload, s.expires_at, ${personJson('s.person_id')} AS person FROM sessions s WHERE s.id_hash = :idHash`,
);

interface SessionValues {
  uid: string;
  idHash: Buffer;
  payload: string;
  expiresAt: Date;
}

type Anonymous = SessionValues & { addressMac: Buffer | null };
type SignedIn = SessionValues & { personId: string; userAgent: string | null };
type SigningIn = SignedIn & PersonSigningIn & SignInValues;

/**
 * Requests of two applications may load a session at the same time and save it one after the other. Neither drops the
 * other's application, which could not be told of the session's end.
 */
const WITH_ALL_APPLICATIONS = `CASE WHEN person_id = :personId AND payload->'authorizations' IS NOT NULL
     THEN jsonb_set(:payload, '{authorizations}', payload->'authorizations' || coalesce(:payload::jsonb->'authorizations', '{}'))
     ELSE :payload END`;

/** For a person who was already signed in. */
const prolong = prepare<never, SignedIn>(
  'prolong_session',
  `UPDATE sessions SET id_hash = :idHash, person_id = :personId, payload = ${WITH_ALL_APPLICATIONS},
     expires_at = :expiresAt, user_agent = :userAgent, last_seen_at = now()
   WHERE uid = :uid`,
);

/** For a person who has just signed in, in a browser that has a session. */
const signIn = prepare<never, SigningIn>(
  'sign_in_to_session',
  `WITH saved AS (
     UPDATE sessions SET id_hash = :idHash, person_id = :personId, payload = ${WITH_ALL_APPLICATIONS},
       expires_at = :expiresAt, user_agent = :userAgent, last_seen_at = now(), address_mac = NULL
     WHERE uid = :uid AND EXISTS (${PERSON_SIGNING_IN})
     RETURNING uid, person_id, payload
   ),
   ${WITH_SIGN_IN}
   SELECT FROM saved`,
);

/** Saving never signs anybody out: another tab may have signed a person in meanwhile. */
const prolongAnonymous = prepare<never, SessionValues>(
  'prolong_anonymous_session',
  `UPDATE sessions SET id_hash = :idHash, payload = :payload, expires_at = :expiresAt
   WHERE uid = :uid AND person_id IS NULL`,
);

const startSession = prepare<never, SigningIn>(
  'start_session',
  `
  WITH person AS (${PERSON_SIGNING_IN}),
  saved AS (
    INSERT INTO sessions (uid, id_hash, person_id, payload, expires_at, user_agent, last_seen_at)
    SELECT :uid, :idHash::bytea, person.id, :payload::jsonb, :expiresAt::timestamptz, :userAgent::text, now() FROM person
    RETURNING uid, person_id, payload
  ),
  ${WITH_SIGN_IN}
  SELECT FROM saved`,
);

/** Passes over rows that another request is changing: somebody may be signing in there. */
const startAnonymous = prepare<never, Anonymous>(
  'start_anonymous_session',
  `
  WITH dropped AS (
    DELETE FROM sessions WHERE uid = ANY (ARRAY(
      SELECT uid FROM sessions WHERE person_id IS NULL AND uid = ANY (ARRAY(
        SELECT uid FROM sessions WHERE person_id IS NULL AND address_mac = :addressMac
        ORDER BY created_at DESC OFFSET ${MOST_WITHOUT_PERSON - 1}
      )) FOR UPDATE SKIP LOCKED
    ))
  )
  INSERT INTO sessions (uid, id_hash, payload, expires_at, address_mac)
  VALUES (:uid, :idHash, :payload, :expiresAt, :addressMac)`,
);

/** Longer than the names of browsers, which are longer than anybody reads. */
const LONGEST_USER_AGENT = 300;

function nameOf({ userAgent }: StoredSession): string | null {
  return userAgent ? userAgent.slice(0, LONGEST_USER_AGENT) : null;
}

export function createSessionStore(db: Queryable, time: DatabaseTime = SAME_CLOCK): SessionStore {
  const valuesOf = (id: string, { uid, payload, expiresAt }: StoredSession): SessionValues => ({
    uid,
    idHash: hashId(id),
    payload: JSON.stringify(toRow(payload, time)),
    expiresAt: time.toDatabase(expiresAt),
  });
  return {
    async find(id) {
      const { rows } = await findSession(db, { idHash: hashId(id) });
      const [row] = rows;
      return (
        row && {
          payload: fromRow(row.payload, time),
          expiresAt: time.fromDatabase(row.expires_at),
          person: readPerson(row.person),
        }
      );
    },
    async findByUid(uid) {
      const row = await db('sessions').where({ uid }).first('payload');
      return row && fromRow(row.payload, time);
    },
    async start(id, session) {
      const { personId, passwordFingerprint = '', provenFactors = [], addressMac = null } = session;
      const values = valuesOf(id, session);
      const userAgent = nameOf(session);
      const { rowCount } =
        personId === undefined
          ? await startAnonymous(db, { ...values, addressMac })
          : await startSession(db, {
              ...{ ...values, userAgent, personId, passwordFingerprint, provenFactors },
              ...signInValues(session.signIn),
            });
      return rowCount === 1;
    },
    async update(id, session) {
      const { personId, passwordFingerprint, provenFactors = [] } = session;
      const values = valuesOf(id, session);
      if (personId === undefined) return (await prolongAnonymous(db, values)).rowCount === 1;
      const userAgent = nameOf(session);
      if (passwordFingerprint === undefined)
        return (await prolong(db, { ...values, userAgent, personId })).rowCount === 1;
      const signingIn = {
        ...values,
        userAgent,
        personId,
        passwordFingerprint,
        provenFactors,
        ...signInValues(session.signIn),
      };
      return (await signIn(db, signingIn)).rowCount === 1;
    },
    async end(uid, why) {
      await db('sessions')
        .where({ uid })
        .whereRaw(...endingOf(why))
        .delete();
    },
    async endOf(personId, uid, why) {
      const ended = await db('sessions')
        .where({ uid, person_id: personId })
        .where('expires_at', '>', db.fn.now())
        .whereRaw(...endingOf(why))
        .delete();
      return ended > 0;
    },
  };
}
