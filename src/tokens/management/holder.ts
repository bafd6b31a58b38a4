import type { Person } from '../../accounts/person.ts';
import { isBoundEnough } from '../../clients/allowed-now.ts';
import type { Client } from '../../clients/client.ts';
import type { AccessTokenState } from '../../grants/access-token-store.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Refusal } from '../../refusals/reasons.ts';
import { timesOf } from '../../refusals/shown.ts';
import type { AccessTokenClaims } from '../access-token.ts';

/** Everything for which an access token stands, while it is good. */
export interface Holder {
  /** The client that got the token. */
  client: Client;
  person: Person;
  grant: NonNullable<AccessTokenState['grant']>;
}

/** A token that is good for nothing. */
export interface Worthless {
  /** Says so in a sentence. */
  detail: string;
  why: Refusal;
}

export const REVOKED_TOKEN: Worthless = worthless('Access token was revoked', 'access_token.revoked');

export function expiredToken({ exp }: AccessTokenClaims, clock: Clock): Worthless {
  const why = { reason: 'access_token.expired', ...timesOf({ exp }, clock.now()) } as const;
  return { detail: 'Access token expired', why };
}

/**
 * Finds for whom an access token stands. It is worthless where the client, the grant or the person is over. `client` is
 * undefined if it was disabled or removed.
 */
export function holderOf(
  claims: AccessTokenClaims,
  { client, grant }: { client: Client | undefined; grant: AccessTokenState['grant'] },
  clock: Clock,
): Holder | Worthless {
  if (!client)
    return worthless('The client of the access token may not be used any more', 'access_token.client_gone');
  if (!isBoundEnough(client, { kind: 'AccessToken', cnf: claims.cnf }))
    return worthless(
      `The client's access tokens must be bound to a key now: get one with a ${client.requireDpop ? 'DPoP proof' : 'certificate'}`,
      'access_token.not_bound',
    );
  if (!grant || grant.expiresAt <= clock.now())
    return worthless('What the access token was given for has ended', 'access_token.ended');
  if (grant.payload.clientId !== client.id)
    return worthless('Access token is not valid', 'access_token.not_valid');
  const { person } = grant;
  if (person?.id !== claims.sub || person.instanceId !== client.instanceId)
    return worthless('The person who signed in may not do so any more', 'person.gone');
  return { client, person, grant };
}

function worthless(detail: string, reason: Refusal['reason']): Worthless {
  return { detail, why: { reason } };
}
