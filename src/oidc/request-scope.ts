import { AsyncLocalStorage } from 'node:async_hooks';
import type { Person } from '../accounts/person.ts';
import type { Client } from '../clients/client.ts';
import type { Artifact } from '../grants/artifact-store.ts';
import type { FoundGrant } from '../grants/grant-store.ts';

/**
 * What is known of a protocol request before the library looks at it. The library reads its session cookie before
 * it knows the client, and a session belongs to one instance: so the instance is resolved in front, and the
 * cookie's name depends on it (`sessionCookieName`).
 */
export interface RequestScope {
  instanceId: string | undefined;
  /** The client that was looked up to find the instance, so that the library need not ask again. */
  client: Client | undefined;
  /** The interaction that was looked up to find the instance. */
  interaction?: { id: string; artifact: Artifact };
  /** The code of a device that the person typed, of a request of theirs about it. */
  userCode?: string;
  /** A JWT presented at revocation or introspection, which the library refuses by its shape; see `token-alias.ts`. */
  presentedToken?: string;
  /** The grant that was loaded together with a code or token, so that the library's next question costs no query; without a payload when it has ended. */
  grant?: Omit<LoadedGrant, 'person'>;
  /** The enabled person of that grant, or of the session. */
  person?: Person;
  /** When the interaction says that somebody has just signed in: of their password, '' without one. */
  passwordFingerprint?: string;
  /** What the library has loaded from storage: it saves new and changed objects alike, and a changed one that is gone stays gone. */
  loaded: Set<string>;
  /** Why the library refused, for the log. */
  refusal?: { error: string; detail?: string };
  /** An error of ours behind the library's `server_error`. */
  failure?: unknown;
}

/** A grant that was looked up; without a payload when it has ended. */
type LoadedGrant = Omit<FoundGrant, 'payload'> & { payload: FoundGrant['payload'] | undefined };

const storage = new AsyncLocalStorage<RequestScope>();

/** A scope in which nothing is known yet, but perhaps the instance. */
export function newScope(instanceId?: string): RequestScope {
  return { instanceId, client: undefined, loaded: new Set() };
}

export function runInScope<T>(scope: RequestScope, work: () => T): T {
  return storage.run(scope, work);
}

/**
 * The scope of the request that is served.
 * @throws Error outside of any: what would be noted there would be lost.
 */
export function requestScope(): RequestScope {
  const scope = storage.getStore();
  if (!scope) throw new Error('The protocol library was asked outside of a request scope.');
  return scope;
}

/** Keeps what was loaded together with a code or token, for what the library will ask next. */
export function useGrant({ id, payload, person }: LoadedGrant): void {
  Object.assign(requestScope(), { grant: { id, payload }, ...(person ? { person } : {}) });
}
