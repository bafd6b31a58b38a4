import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import { LRUCache } from 'lru-cache';
import type { Exchange } from './exchange.ts';
import type { Failure } from './failure.ts';
import type { PendingSignIn, Tokens } from './relying-party.ts';

const COOKIE = 'listo_demo';
const SESSION_TTL_MS = 60 * 60 * 1000;
const MAX_SESSIONS = 1000;

/** The demo's data about one browser. It lives in this process's memory and ends with the process. */
export interface DemoSession {
  id: string;
  pending?: PendingSignIn | undefined;
  signedIn?: SignedIn | undefined;
}

export interface SignedIn {
  /** The authorization request, and the parameters that the redirect URI received. */
  authorization: { request: string; answer: Record<string, string> };
  codeExchange: Exchange | undefined;
  keys: Exchange | undefined;
  /** The first ID token, verified with `nonce`. */
  idToken: string;
  nonce: string;
  /** The currently valid tokens. */
  tokens: Tokens;
  listnrToken?: string | undefined;
  outcomes: Partial<Record<ActionId, Outcome>>;
  /** The latest step. The page shows its details open. */
  latest: ActionId | 'id-token';
}

/** The steps that a signed-in visitor takes with a button, in the page's order. */
export const ACTIONS = ['userinfo', 'refresh', 'listnr-token', 'listnr-verification'] as const;
export type ActionId = (typeof ACTIONS)[number];

export interface Outcome {
  exchange: Exchange | undefined;
  failure?: Failure | undefined;
  /** The tokens before and after a refresh. */
  replaced?: { before: Tokens; after: Tokens } | undefined;
  /** The verified LiSTNR token. */
  token?: string | undefined;
}

export interface DemoSessions {
  find(ctx: Context): DemoSession | undefined;
  /** True when the browser sends the cookie of a session that is gone, because it expired or the server restarted. */
  isGone(ctx: Context): boolean;
  /** Gives the browser a session with a new id. */
  start(ctx: Context, content: Omit<DemoSession, 'id'>): DemoSession;
  end(ctx: Context, session: DemoSession): void;
}

export function createDemoSessions({ https }: { https: boolean }): DemoSessions {
  const sessions = new LRUCache<string, DemoSession>({ max: MAX_SESSIONS, ttl: SESSION_TTL_MS });
  const cookie = { signed: true, httpOnly: true, sameSite: 'lax', path: '/demo', overwrite: true } as const;
  const idIn = (ctx: Context) => ctx.cookies.get(COOKIE, { signed: true });

  return {
    find: (ctx) => sessions.get(idIn(ctx) ?? ''),
    isGone(ctx) {
      const id = idIn(ctx);
      return id !== undefined && !sessions.has(id);
    },
    start(ctx, content) {
      const session = { id: randomBytes(32).toString('base64url'), ...content };
      sessions.set(session.id, session);
      // TLS may end in front of this process, so the issuer's scheme counts, not the socket's.
      ctx.cookies.secure = https;
      ctx.cookies.set(COOKIE, session.id, { ...cookie, maxAge: SESSION_TTL_MS });
      return session;
    },
    end(ctx, { id }) {
      sessions.delete(id);
      ctx.cookies.secure = https;
      ctx.cookies.set(COOKIE, null, cookie);
    },
  };
}
