import type { Provider } from 'oidc-provider';
import { type Clock, epochSeconds } from '../../platform/time/clock.ts';
import type { SessionStore } from '../../sessions/session-store.ts';
import { requestContext } from '../request-context.ts';
import { endingOf, type Session, type SignedInSession } from '../session.ts';
import { replace } from './replace.ts';

/**
 * When somebody signs in, a session gets another id (ASVS 7.2.4) and keeps its `uid`. The library would destroy the
 * old session and save a new one. Here one statement gives the row its new id. The `uid` ends the session, so that
 * signing out works with every id.
 */
export function keepSessionRows(
  provider: Provider,
  { sessions, clock }: { sessions: SessionStore; clock: Clock },
): void {
  const { prototype } = provider.Session;
  const { IN_PAYLOAD } = provider.Session as unknown as { IN_PAYLOAD: string[] };
  Object.defineProperty(provider.Session, 'IN_PAYLOAD', {
    value: [...IN_PAYLOAD, 'signedInAt', 'methods', 'factorsAsked'],
  });
  const { save, loginAccount } = prototype;
  replace(prototype, {
    // `loginTs` is when the person proved who they are, perhaps at a provider of their own and long ago. The session's
    // limit counts from the sign-in here, and proving more than before does not prolong it.
    loginAccount(this: SignedInSession, details: Parameters<typeof loginAccount>[0]) {
      const { methods, factorsAsked, continued } = requestContext().signIn ?? {};
      const isSame = continued && this.accountId === details.accountId;
      const signedInAt = (isSame ? (this.signedInAt ?? this.loginTs) : undefined) ?? epochSeconds(clock);
      loginAccount.call(this, details);
      Object.assign(this, {
        signedInAt,
        // The factors of a proof need not exist any longer once somebody is signed in.
        methods: methods?.map(({ factor: _factor, before: _before, stale: _stale, ...proof }) => proof),
        factorsAsked,
      });
    },
    save(this: Session & { oldId?: string }, ttl: number) {
      delete this.oldId;
      return save.call(this, ttl);
    },
    async destroy(this: Session & { destroyed?: boolean }) {
      await sessions.end(this.uid, endingOf(this));
      this.destroyed = true;
      this.emit('destroyed');
    },
  });
}
