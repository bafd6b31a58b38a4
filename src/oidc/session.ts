import type { Context } from 'koa';
import { Provider } from 'oidc-provider';
import type { Person } from '../accounts/person.ts';
import { type Proof, proofsFromAmr } from '../authentication/proof.ts';
import type { NewFactor } from '../authentication/steps.ts';
import type { SessionEnding } from '../sessions/session-audit.ts';
import { newContext, requestContext, runInContext } from './request-context.ts';

/** A session with what we add to it (corrections/session.ts). */
export interface SignedInSession extends Session {
  signedInAt?: number;
  /** How and when the person proved who they are. */
  methods?: readonly Proof[];
  /** The kinds of factors for which they were asked. */
  factorsAsked?: readonly NewFactor[];
}

/** The proofs of a session. One from an older release counts as what its `amr` says. */
export function proofsOf({ methods, amr, loginTs = 0 }: SignedInSession): readonly Proof[] {
  return methods ?? proofsFromAmr(amr, loginTs);
}

export type Session = Awaited<ReturnType<Provider['Session']['get']>>;

/** This browser's session at an instance. It has no `accountId` when nobody is signed in there. */
export function findSession(ctx: Context, provider: Provider, instanceId: string): Promise<Session> {
  return runInContext(newContext(instanceId), () => provider.Session.get(ctx as never));
}

/** The person who is signed in to an instance in this browser, with the session; undefined if nobody is. */
export async function findSignedIn(
  ctx: Context,
  provider: Provider,
  instanceId: string,
): Promise<{ session: Session; person: Person } | undefined> {
  const context = newContext(instanceId);
  const session = await runInContext(context, () => provider.Session.get(ctx as never));
  const { person } = context;
  return session.accountId && person ? { session, person } : undefined;
}

const endings = new WeakMap<object, SessionEnding>();

/** Ends a session, with all grants given in it, and says in the audit trail why. */
export async function endSession(session: Session, why: SessionEnding): Promise<void> {
  endings.set(session, why);
  await session.destroy();
}

/** Why a session ends that the library destroys. Only a sign-in as somebody else is its own decision. */
export function endingOf(session: object): SessionEnding {
  return endings.get(session) ?? { origin: requestContext().origin, cause: 'another_person_signed_in' };
}

/**
 * Keeps the browser's cookie as it is: a session that was not saved is over, or another tab saved it under a newer
 * id.
 */
export function keepSessionCookie(): void {
  const ctx = Provider.ctx;
  if (!ctx) return;
  const name = ctx.oidc.provider.cookieName('session');
  const kept = [ctx.response.get('Set-Cookie') as string | string[]]
    .flat()
    .filter((cookie) => !['', name, `${name}.sig`].includes(cookie.split('=')[0] ?? ''));
  ctx.set('Set-Cookie', kept);
}
