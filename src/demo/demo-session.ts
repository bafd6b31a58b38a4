import { randomBytes } from 'node:crypto';
import type { Context } from 'koa';
import { createRecent } from '../platform/copies/recent.ts';
import type { ConsentStory } from './consent/consent-story.ts';
import type { DeviceSignIn } from './device/device-sign-in.ts';
import type { Failure } from './failure.ts';
import type { Tokens } from './issuer.ts';
import type { PendingSignIn } from './relying-party.ts';
import type { Exchange } from './requests/exchange.ts';
import type { Authorization } from './requests/request-views.ts';

const COOKIE = 'listo_demo';
const SESSION_TTL_MS = 60 * 60 * 1000;
const MAX_SESSIONS = 1000;
/** Tabs in which one browser signs in at the same time. */
const MAX_PENDING = 8;

/** The demo's data about one browser. It lives in this process's memory and ends with the process. */
export interface DemoSession {
  id: string;
  /** The sign-ins under way, by their state. */
  pending: Map<string, PendingSignIn>;
  signedIn?: SignedIn | undefined;
  consent?: ConsentStory | undefined;
  device?: DeviceSignIn | undefined;
}

export interface SignedIn {
  authorization: Authorization;
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
  /** The browser's session, or a new one. */
  open(ctx: Context): DemoSession;
  /**
   * Gives the session a new id, with `changes`, which keeps out anybody who knew the id from before. Under the old id,
   * only the sign-ins under way remain: a browser in which somebody clicks twice gives up the answer with the new id.
   */
  renew(ctx: Context, session: DemoSession, changes: Partial<DemoSession>): DemoSession;
  end(ctx: Context, session: DemoSession): void;
}

export function createDemoSessions({ https }: { https: boolean }): DemoSessions {
  const sessions = createRecent<DemoSession>({ max: MAX_SESSIONS, ttlMs: SESSION_TTL_MS });
  const cookie = { signed: true, httpOnly: true, sameSite: 'lax', path: '/demo', overwrite: true } as const;
  const idIn = (ctx: Context) => ctx.cookies.get(COOKIE, { signed: true });
  const find = (ctx: Context) => sessions.get(idIn(ctx) ?? '');

  const start = (ctx: Context, content: Omit<DemoSession, 'id'>) => {
    const session = { ...content, id: randomBytes(32).toString('base64url') };
    sessions.set(session.id, session);
    // TLS may end in front of this process, so the issuer's scheme counts, not the socket's.
    ctx.cookies.secure = https;
    ctx.cookies.set(COOKIE, session.id, { ...cookie, maxAge: SESSION_TTL_MS });
    return session;
  };

  return {
    find,
    isGone(ctx) {
      const id = idIn(ctx);
      return id !== undefined && !sessions.has(id);
    },
    open: (ctx) => find(ctx) ?? start(ctx, { pending: new Map() }),
    renew(ctx, { id, ...content }, changes) {
      sessions.set(id, { id, pending: content.pending });
      return start(ctx, { ...content, ...changes });
    },
    end(ctx, { id }) {
      sessions.delete(id);
      ctx.cookies.secure = https;
      ctx.cookies.set(COOKIE, null, cookie);
    },
  };
}

/** Keeps a sign-in until its answer comes, and drops the oldest ones. */
export function rememberPending({ pending }: DemoSession, signIn: PendingSignIn): void {
  pending.set(signIn.state, signIn);
  for (const state of pending.keys()) {
    if (pending.size <= MAX_PENDING) break;
    pending.delete(state);
  }
}
