import { openPerson, type Person } from './browsing.ts';
import type { Random } from './random.ts';
import type { Reply } from './requests.ts';

/** A browser session, and the sign-ins that were made in it. */
export interface Session {
  person: Person;
  grants: Grant[];
  /** Of any of its sign-ins: proves at sign-out who asks. */
  idToken: string | undefined;
  busy: boolean;
  ended: boolean;
}

/** What a client keeps of one sign-in. */
export interface Grant {
  /** Our own name of it. */
  id: string;
  session: Session;
  refreshToken: string;
  /** The refresh tokens before it, oldest first. */
  spent: string[];
  /** The newest few. */
  accessTokens: string[];
  idToken: string;
  /** Its refresh token is in use: a client does not refresh twice at once, except where it says so. */
  busy: boolean;
  /** It was ended on purpose, or lost; nothing of it should work. */
  ended: boolean;
  /** When it may next be refreshed, in milliseconds since the run began. */
  restsUntil: number;
}

/** Everybody who is signed in, or was. */
export interface World {
  sessions: Session[];
  grants: Grant[];
  ended: Grant[];
  openSession(): Session;
  /** Takes what an exchange gave. */
  addGrant(id: string, session: Session, body: Reply['body']): Grant;
  /** Takes what a refresh gave. */
  renew(grant: Grant, body: Reply['body']): void;
  end(grant: Grant): void;
  nextId(): string;
  /** Somebody who is signed in, whose refresh token nobody is using, and who has rested. */
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
