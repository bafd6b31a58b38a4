import type { ListnrClient } from '../../clients/listnr/listnr-client.ts';
import type { KeyRing } from '../../keys/key-ring.ts';
import { type Clock, epochSeconds } from '../../platform/time/clock.ts';
import { registered } from '../../refusals/registered.ts';
import type { VerifiedIdToken } from '../id-tokens/accepted-issuer.ts';
import { unauthorizedClient } from './errors.ts';
import { listnrClaims, signListnrToken, TOKEN_LIFETIME_SECONDS } from './listnr-token.ts';
import { profileClaims } from './profile-claims.ts';
import { grantedScopes } from './requested-scope.ts';
import { requestedSubject } from './requested-subject.ts';

/** A client that is authenticated, and what it asks for. */
export interface ListnrRequest {
  client: ListnrClient;
  /** The ID token with which it came; undefined for a client that authenticated with its secret. */
  idToken: VerifiedIdToken | undefined;
  scope: string;
  /** Counts only for a client that authenticated with its secret. */
  subject: unknown;
}

export interface ListnrIssueDependencies {
  /** The `iss` of the tokens: the base URL of the environment. */
  listnrIssuer: string;
  environment: string;
  keyRings: { listnr: Pick<KeyRing, 'current'> };
  clock: Clock;
}

export interface ListnrTokenAnswer {
  access_token: string;
  token_type: 'Bearer';
  expires_in: number;
}

/**
 * Issues a LiSTNR token: checks the client's rights, chooses subject and scope, and only then signs.
 * @throws HttpError from the guide's table.
 */
export async function issueListnrToken(
  { client, idToken, scope, subject }: ListnrRequest,
  { listnrIssuer, environment, keyRings, clock }: ListnrIssueDependencies,
): Promise<ListnrTokenAnswer> {
  requireEnabled(client, environment);
  const claims = listnrClaims({
    issuer: listnrIssuer,
    audience: client.audience,
    scopes: grantedScopes(scope, client.scopes),
    now: epochSeconds(clock),
    ...(idToken
      ? { subject: idToken.subject, profile: profileClaims(idToken.claims, client.claims) }
      : { subject: requestedSubject(subject, client.defaultSubject), profile: {} }),
  });
  return {
    access_token: await signListnrToken(claims, keyRings.listnr.current),
    token_type: 'Bearer',
    expires_in: TOKEN_LIFETIME_SECONDS,
  };
}

/** Runs after authentication, because a client's state is nobody else's business. */
function requireEnabled(client: ListnrClient, environment: string): void {
  if (client.disabled)
    throw unauthorizedClient('This client is disabled.', { reason: 'listnr.client_disabled' });
  if (!client.environments.includes(environment))
    throw unauthorizedClient(`This client is not enabled for the environment ${environment}.`, {
      reason: 'listnr.environment_not_enabled',
      came: { environment },
      expected: { environment: registered(client.environments) },
    });
}
