import { openPerson, type Person } from './browsing.ts';
import type { Random } from './random.ts';
import type { Reply } from './requests.ts';

/** A browser session, and its sign-ins. */
export interface Session {
  person: Person;
  grants: Grant[];
  /** The ID token of any of its sign-ins, as proof for signing out. */
  idToken: string | undefined;
  busy: boolean;
  ended: boolean;
}

/** A client's data about one sign-in. */
export interface Grant {
  /** Our own name for it. */
  id: string;
  session: Session;
  refreshToken: string;
  /** The previous refresh tokens, oldest first. */
  spent: string[];
  /** The newest few access tokens. */
  accessTokens: string[];
  idToken: string;
  /** Its refresh token is in use. A client refreshes once at a time, unless a test says otherwise. */
  busy: boolean;
  /** It was ended on purpose, or lost; none of its tokens should work. */
  ended: boolean;
  /** The earliest time of its next refresh, in milliseconds since the run began. */
  restsUntil: number;
}

/** All people who are or were signed in. */
export interface World {
  sessions: Session[];
  grants: Grant[];
  ended: Grant[];
  openSession(): Session;
  /** Stores the tokens of an exchange. */
  addGrant(id: string, session: Session, body: Reply['body']): Grant;
  /** Stores the tokens of a refresh. */
  renew(grant: Grant, body: Reply['body']): void;
  end(grant: Grant): void;
  nextId(): string;
  /** A live grant whose refresh token is idle and rested. */
  idleGrant(random: Random, now: number): Grant | undefined;
}

const KEPT_ACCESS_TOKENS = 3;
const TRIES = 10;

export function createWorld(issuer: string): World {
  let count = 0;
  const world: World = {
    sessions: [],
    grants: [],
    ended: [],
    nextId: () => `sign-in-${++count}`,

    openSession() {
      const session: Session = {
        person: openPerson(issuer, () => session.idToken !== undefined),
        grants: [],
        idToken: undefined,
        busy: true,
        ended: false,
      };
      return session;
    },

    addGrant(id, session, body) {
      const grant: Grant = {
        id,
        session,
        refreshToken: String(body.refresh_token),
        spent: [],
        accessTokens: [String(body.access_token)],
        idToken: String(body.id_token),
        busy: false,
        ended: false,
        restsUntil: 0,
      };
      session.grants.push(grant);
      session.idToken = grant.idToken;
      world.grants.push(grant);
      return grant;
    },

    renew(grant, { refresh_token, access_token }) {
      grant.spent.push(grant.refreshToken);
      grant.refreshToken = String(refresh_token);
      grant.accessTokens = [...grant.accessTokens, String(access_token)].slice(-KEPT_ACCESS_TOKENS);
    },

    end(grant) {
      if (grant.ended) return;
      grant.ended = true;
      world.grants.splice(world.grants.indexOf(grant), 1);
      world.ended.push(grant);
    },

    idleGrant(random, now) {
      for (let n = 0; n < TRIES; n += 1) {
        const grant = random.pick(world.grants);
        if (grant && !grant.busy && !grant.session.busy && grant.restsUntil <= now) return grant;
      }
      return undefined;
    },
  };
  return world;
}
