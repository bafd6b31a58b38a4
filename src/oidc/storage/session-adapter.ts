import type { Adapter, AdapterPayload } from 'oidc-provider';
import { type Clock, secondsFromNow } from '../../platform/time/clock.ts';
import type { Payload } from '../../platform/time/payload-times.ts';
import type { SessionStore } from '../../sessions/session-store.ts';
import { isLoaded, noteLoaded, requestContext } from '../request-context.ts';
import { keepSessionCookie } from '../session.ts';
import { unlessGone } from './unless-gone.ts';

/** Stores sessions for the library. A session's `uid` ends it (corrections/session.ts), so `destroy` does nothing here. */
export function sessionAdapter({
  sessions,
  clock,
}: {
  sessions: SessionStore;
  clock: Clock;
}): Pick<Adapter, 'upsert' | 'find' | 'findByUid'> {
  const remember = (payload: Payload | undefined, id?: string) => {
    if (!payload) return undefined;
    noteLoaded('Session', String(payload.uid));
    return { ...payload, ...(id ? { jti: id } : {}) } as AdapterPayload;
  };
  return {
    async upsert(id, { jti: _jti, ...payload }, ttlSeconds = 0) {
      const uid = String(payload.uid);
      const { passwordFingerprint } = requestContext();
      const personId = payload.accountId;
      const expiresAt = secondsFromNow(clock, ttlSeconds);
      const session = { uid, personId, payload, passwordFingerprint, expiresAt };
      const saved = await unlessGone(() =>
        isLoaded('Session', uid) ? sessions.update(id, session) : sessions.start(id, session),
      );
      if (!saved) keepSessionCookie();
      remember(payload);
    },

    async find(id) {
      const found = await sessions.find(id);
      if (found?.person) requestContext().person = found.person;
      return remember(found?.payload, id);
    },
    findByUid: async (uid) => remember(await sessions.findByUid(uid)),
  };
}
