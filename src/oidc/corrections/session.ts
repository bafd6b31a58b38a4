import type { Provider } from 'oidc-provider';
import type { SessionStore } from '../../sessions/session-store.ts';
import type { Session } from '../session.ts';
import { replace } from './replace.ts';

/**
 * When somebody signs in, a session gets another id (ASVS 7.2.4) and keeps its `uid`. The library would destroy the
 * old session and save a new one. Here one statement gives the row its new id. The `uid` ends the session, so that
 * signing out works with every id.
 */
export function keepSessionRows(provider: Provider, { sessions }: { sessions: SessionStore }): void {
  const { prototype } = provider.Session;
  const { save } = prototype;
  replace(prototype, {
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
