import { isDeepStrictEqual } from 'node:util';
import type { Adapter, AdapterPayload } from 'oidc-provider';
import { type Clock, epochSeconds, secondsFromNow } from '../../platform/time/clock.ts';
import type { Payload } from '../../platform/time/payload-times.ts';
import type { SignInFacts } from '../../sessions/session-audit.ts';
import type { SessionStore } from '../../sessions/session-store.ts';
import { isLoaded, noteLoaded, type RequestContext, requestContext } from '../request-context.ts';
import { keepSessionCookie } from '../session.ts';
import { unlessGone } from './unless-gone.ts';

/** After this many seconds since the sign-in, a session of an instance ends, however often it was used. */
export type SessionSeconds = (instanceId: string) => Promise<number | undefined>;

/**
 * Anybody who opens the page of a device's code leaves a session, for the secret in its form. It is of use for as long
 * as the code, so its row does not stay for weeks.
 */
const SECONDS_WITHOUT_PERSON = 60 * 60;

/** So much later a session is written again, though it says the same. */
const PROLONG_EVERY_SECONDS = 60 * 60;

/**
 * Whether a session need not be written again: an application that asks all day prolongs it once an hour. The library
 * also notes the latest grant of each client, which nobody reads (storage/grants.ts).
 */
function saysTheSame(
  { payload, expiresAt }: { payload: Payload; expiresAt: Date },
  stored: { payload: Payload; expiresAt: Date },
): boolean {
  const laterSeconds = (expiresAt.getTime() - stored.expiresAt.getTime()) / 1000;
  return (
    laterSeconds > -1 &&
    laterSeconds < PROLONG_EVERY_SECONDS &&
    isDeepStrictEqual(withoutMoment(payload), withoutMoment(stored.payload))
  );
}

function withoutMoment({ iat, exp, jti, authorizations, ...payload }: Payload): object {
  const byClient = Object.entries((authorizations ?? {}) as Record<string, Payload>);
  return {
    ...payload,
    sids: byClient.map(([id, { sid, persistsLogout }]) => [id, sid, persistsLogout]).sort(),
  };
}

/** The applications of a session, by client. */
type Authorizations = Record<string, Payload>;

/**
 * The applications that the person signed in to, which hear of the session's end. The library also notes those that
 * only asked, perhaps in vain, and these must not learn who the person is. Sessions of an older release have those, too,
 * without the mark of a code.
 */
function signedInTo(
  { authorizations = {} }: Payload,
  { storedSession, codeFor }: Pick<RequestContext, 'storedSession' | 'codeFor'>,
): Authorizations {
  const before = (storedSession?.payload.authorizations ?? {}) as Authorizations;
  return Object.fromEntries(
    Object.entries(authorizations as Authorizations).filter(
      ([id]) => id === codeFor || before[id]?.persistsLogout,
    ),
  );
}

/** The library adds applications to the object that it gets, and marks them. */
function ownCopy(payload: Payload): Payload {
  const byClient = Object.entries((payload.authorizations ?? {}) as Authorizations);
  return {
    ...payload,
    authorizations: Object.fromEntries(byClient.map(([id, facts]) => [id, { ...facts }])),
  };
}

/** The facts of a sign-in for the audit trail, where this request is the first to save it. */
function signInFacts(): SignInFacts | undefined {
  const { isSignIn, origin, instanceId, client } = requestContext();
  return isSignIn && origin ? { clientId: client?.id, instanceId, origin } : undefined;
}

/** Stores sessions for the library. A session's `uid` ends it (corrections/session.ts), so `destroy` does nothing here. */
export function sessionAdapter({
  sessions,
  sessionSeconds,
  clock,
}: {
  sessions: SessionStore;
  sessionSeconds: SessionSeconds;
  clock: Clock;
}): Pick<Adapter, 'upsert' | 'find' | 'findByUid'> {
  const remember = (payload: Payload | undefined, id?: string) => {
    if (!payload) return undefined;
    noteLoaded('Session', String(payload.uid));
    return { ...payload, ...(id ? { jti: id } : {}) } as AdapterPayload;
  };
  /** The seconds until a session ends whatever happens. */
  const secondsLeft = async ({ accountId, loginTs, signedInAt }: Payload): Promise<number> => {
    const { instanceId } = requestContext();
    if (accountId === undefined) return SECONDS_WITHOUT_PERSON;
    // Sessions from before have no time of their own (corrections/session.ts).
    const since = signedInAt ?? loginTs;
    if (typeof since !== 'number' || !instanceId) return Number.POSITIVE_INFINITY;
    const seconds = (await sessionSeconds(instanceId)) ?? Number.POSITIVE_INFINITY;
    return since + seconds - epochSeconds(clock);
  };
  return {
    async upsert(id, { jti: _jti, ...given }, ttlSeconds = 0) {
      const { passwordFingerprint, provenFactors, addressMac, userAgent, storedSession } = requestContext();
      const payload = { ...given, authorizations: signedInTo(given, requestContext()) };
      const uid = String(payload.uid);
      const personId = payload.accountId;
      const expiresAt = secondsFromNow(clock, Math.min(ttlSeconds, await secondsLeft(payload)));
      const session = {
        ...{ uid, personId, payload, passwordFingerprint, provenFactors, expiresAt, userAgent },
        signIn: signInFacts(),
      };
      if (storedSession?.id === id && saysTheSame(session, storedSession)) return;
      const saved = await unlessGone(() =>
        isLoaded('Session', uid)
          ? sessions.update(id, session)
          : sessions.start(id, { ...session, addressMac: addressMac?.() }),
      );
      if (saved) delete requestContext().isSignIn;
      else keepSessionCookie();
      remember(payload);
    },

    async find(id) {
      const found = await sessions.find(id);
      if (found && (await secondsLeft(found.payload)) <= 0) return undefined;
      if (found) requestContext().storedSession = { id, ...found, payload: ownCopy(found.payload) };
      if (found?.person) requestContext().person = found.person;
      return remember(found?.payload, id);
    },
    findByUid: async (uid) => remember(await sessions.findByUid(uid)),
  };
}
