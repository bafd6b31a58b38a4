import type { Origin } from '../audit/record.ts';
import type { Queryable } from '../platform/database.ts';
import { type DatabaseTime, SAME_CLOCK } from '../platform/time/database-time.ts';
import { endingOf } from './session-audit.ts';

/** A session of a person, as they see it among their own. */
export interface OwnSession {
  uid: string;
  /** How its browser named itself, if it did. */
  userAgent: string | undefined;
  begunAt: Date;
  /** To within an hour; undefined for a session from before this was kept. */
  lastSeenAt: Date | undefined;
}

/** The sessions that go on of one person, for that person. `SessionStore` has each session for its browser. */
export interface OwnSessionStore {
  /** The latest first. */
  list(personId: string): Promise<OwnSession[]>;
  /** Ends all sessions of the person but one, with the grants given in them. Returns how many there were. */
  endOthers(personId: string, keptUid: string, origin: Origin): Promise<number>;
}

/** More than a person looks through. Ending all others ends them all. */
const MOST_SHOWN = 100;

export function createOwnSessionStore(db: Queryable, time: DatabaseTime = SAME_CLOCK): OwnSessionStore {
  // Uses the index `sessions_person`.
  const goingOn = (personId: string) =>
    db('sessions').where({ person_id: personId }).where('expires_at', '>', db.fn.now());
  return {
    async list(personId) {
      const rows = await goingOn(personId)
        .orderByRaw('coalesce(last_seen_at, created_at) DESC, uid')
        .limit(MOST_SHOWN)
        .select('uid', 'user_agent', 'created_at', 'last_seen_at');
      return rows.map(({ uid, user_agent, created_at, last_seen_at }) => ({
        uid,
        userAgent: user_agent ?? undefined,
        begunAt: time.fromDatabase(created_at),
        lastSeenAt: last_seen_at === null ? undefined : time.fromDatabase(last_seen_at),
      }));
    },

    endOthers: (personId, keptUid, origin) =>
      goingOn(personId)
        .whereNot({ uid: keptUid })
        .whereRaw(...endingOf({ origin, cause: 'ended_by_person' }))
        .delete(),
  };
}
