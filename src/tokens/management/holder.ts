import type { Person } from '../../accounts/person.ts';
import { isBoundEnough } from '../../clients/allowed-now.ts';
import type { Client } from '../../clients/client.ts';
import type { AccessTokenState } from '../../grants/access-token-store.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { AccessTokenClaims } from '../access-token.ts';

/** Everything for which an access token stands, while it is good. */
export interface Holder {
  /** The client that got the token. */
  client: Client;
  person: Person;
  grant: NonNullable<AccessTokenState['grant']>;
}

/**
 * Finds for whom an access token stands. Returns a sentence that says why it is worthless where the client, the grant or
 * the person is over. `client` is undefined if it was disabled or removed.
 */
export function holderOf(
  claims: AccessTokenClaims,
  { client, grant }: { client: Client | undefined; grant: AccessTokenState['grant'] },
  clock: Clock,
): Holder | string {
  if (!client) return 'The client of the access token may not be used any more';
  if (!isBoundEnough(client, { kind: 'AccessToken', cnf: claims.cnf }))
    return `The client's access tokens must be bound to a key now: get one with a ${client.requireDpop ? 'DPoP proof' : 'certificate'}`;
  if (!grant || grant.expiresAt <= clock.now()) return 'What the access token was given for has ended';
  if (grant.payload.clientId !== client.id) return 'Access token is not valid';
  const { person } = grant;
  if (person?.id !== claims.sub || person.instanceId !== client.instanceId)
    return 'The person who signed in may not do so any more';
  return { client, person, grant };
}
