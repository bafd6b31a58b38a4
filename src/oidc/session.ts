import type { Context } from 'koa';
import type { Provider } from 'oidc-provider';
import type { GrantStore } from '../artifacts/grant-store.ts';
import { requestScope, runInScope, sessionCookieName } from './request-scope.ts';

export type Session = Awaited<ReturnType<Provider['Session']['get']>>;

/** This browser's session of an instance; one without `accountId` when nobody is signed in there. */
export function findSession(ctx: Context, provider: Provider, instanceId: string): Promise<Session> {
  const scope = { ...requestScope(), instanceId };
  return runInScope(scope, () => provider.Session.get(ctx as never));
}

/** Ends a browser session, and every grant that was given in it with all their tokens. */
export async function endSession(session: Session, { grants }: { grants: GrantStore }): Promise<void> {
  await grants.revokeForSession(session.uid);
  await session.destroy();
}

/** The instances that this browser carries a session cookie of; whether a session is behind it is not looked up. */
export function instancesInCookies(ctx: Context, { https }: { https: boolean }): string[] {
  const prefix = sessionCookieName('', { https });
  const names = ctx
    .get('cookie')
    .split(/;\s*/)
    .map((pair) => pair.split('=')[0] ?? '');
  const ids = names
    .filter((name) => name.startsWith(prefix) && !name.endsWith('.sig'))
    .map((name) => name.slice(prefix.length));
  return ids.filter((id) => /^[a-z0-9-]{1,40}$/.test(id));
}

export function clearSessionCookie(ctx: Context, instanceId: string, { https }: { https: boolean }): void {
  const name = sessionCookieName(instanceId, { https });
  for (const cookie of [name, `${name}.sig`]) {
    ctx.append(
      'Set-Cookie',
      `${cookie}=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly; samesite=lax${https ? '; secure' : ''}`,
    );
  }
}
