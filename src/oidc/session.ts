import type { Context } from 'koa';
import { Provider } from 'oidc-provider';
import type { SessionStore } from '../sessions/session-store.ts';
import { requestScope, runInScope } from './request-scope.ts';

export type Session = Awaited<ReturnType<Provider['Session']['get']>>;

/** This browser's session of an instance; one without `accountId` when nobody is signed in there. */
export function findSession(ctx: Context, provider: Provider, instanceId: string): Promise<Session> {
  const scope = { ...requestScope(), instanceId };
  return runInScope(scope, () => provider.Session.get(ctx as never));
}

/**
 * A session gets another id when somebody signs in (ASVS 7.2.4), and keeps its `uid`. The library would destroy the
 * old one and save a new one; here the row takes the new id in one statement, and is ended by its `uid`, so that
 * signing out works whatever its id has become meanwhile.
 */
export function keepSessionRows(provider: Provider, { sessions }: { sessions: SessionStore }): void {
  const { prototype } = provider.Session;
  const { save } = prototype;
  Object.assign(prototype, {
    save(this: Session & { oldId?: string }, ttl: number) {
      delete this.oldId;
      return save.call(this, ttl);
    },
    async destroy(this: Session & { destroyed?: boolean }) {
      await sessions.end(this.uid);
      this.destroyed = true;
      this.emit('destroyed');
    },
  });
}

/** Leaves the browser the cookie it has: what was not saved is over, or was saved under a newer id by another tab. */
export function keepSessionCookie(): void {
  const ctx = Provider.ctx;
  if (!ctx) return;
  const name = ctx.oidc.provider.cookieName('session');
  const kept = [ctx.response.get('Set-Cookie') as string | string[]]
    .flat()
    .filter((cookie) => !['', name, `${name}.sig`].includes(cookie.split('=')[0] ?? ''));
  ctx.set('Set-Cookie', kept);
}
