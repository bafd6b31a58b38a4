import { createPersonStore, type PersonStore } from '../accounts/person-store.ts';
import {
  createPasswordAuthenticator,
  type PasswordAuthenticator,
} from '../authentication/password/password-authenticator.ts';
import {
  createUpstreamAuthenticator,
  type UpstreamAuthenticator,
} from '../authentication/upstream/upstream-authenticator.ts';
import { type ConsentStore, createConsentStore } from '../grants/consent-store.ts';
import { upstreamCallbackPath } from '../interactions/upstream.ts';
import { createUpstreamSignInStore, type UpstreamSignInStore } from '../sessions/upstream-sign-in-store.ts';
import type { Foundation } from './foundation.ts';

/** The people, their ways of signing in, and their consents. */
export interface InteractionParts {
  people: PersonStore;
  passwords: PasswordAuthenticator;
  upstream: UpstreamAuthenticator;
  upstreamSignIns: UpstreamSignInStore;
  consents: ConsentStore;
}

export async function composeInteractions(
  {
    clock,
    database,
    databaseTime,
    box,
    outboundFetch,
    hashes,
  }: Pick<Foundation, 'clock' | 'database' | 'databaseTime' | 'box' | 'outboundFetch' | 'hashes'>,
  { issuer }: { issuer: string },
): Promise<InteractionParts> {
  const people = createPersonStore(database.knex);
  return {
    people,
    passwords: await createPasswordAuthenticator({ people, hashes }),
    upstream: createUpstreamAuthenticator({
      people,
      clock,
      fetch: outboundFetch,
      redirectUri: (instanceId) => `${issuer}${upstreamCallbackPath(instanceId)}`,
    }),
    upstreamSignIns: createUpstreamSignInStore(database.knex, box, clock, databaseTime),
    consents: createConsentStore(database.knex),
  };
}
