import type { Provider } from 'oidc-provider';
import type { SessionStore } from '../../sessions/session-store.ts';
import type { Session } from '../session.ts';
import { replace } from './replace.ts';

/**
 * A session gets another id when somebody signs in (ASVS 7.2.4), and keeps its `uid`. The library would destroy the
 * old one and save a new one. Here the row takes the new id in one statement. Its `uid` ends it, so that signing out
 * works whatever the id has become meanwhile.
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
