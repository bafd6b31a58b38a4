import type { ListnrClient } from '../clients/listnr/listnr-client.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { type Clock, epochSeconds } from '../platform/time/clock.ts';
import type { IdTokenVerifier, VerifiedIdToken } from '../tokens/id-tokens/id-token-verifier.ts';
import { listnrClaims, signListnrToken, TOKEN_LIFETIME_SECONDS } from '../tokens/listnr-token.ts';
import { authenticateBasic } from './authentication/authenticate-basic.ts';
import { authenticateBearer } from './authentication/authenticate-bearer.ts';
import { readAuthorization } from './authentication/authorization-header.ts';
import type { Directory } from './directory.ts';
import { unauthorizedClient } from './errors.ts';
import { profileClaims } from './profile-claims.ts';
import { grantedScopes } from './requested-scope.ts';
import { requestedSubject } from './requested-subject.ts';
import type { TokenRequest } from './token-request.ts';

export interface IssueTokenDependencies {
  /** The `iss` of the tokens: the base URL of the environment. */
  listnrIssuer: string;
  environment: string;
  keyRings: { listnr: KeyRing };
  directory: Directory;
  idTokens: IdTokenVerifier;
  clock: Clock;
}

/** The parts of a request: the header, the body, and the record of the client that the body names. */
export interface Presented {
  authorization: string;
  request: TokenRequest;
  client: ListnrClient | undefined;
  /** Says whose request this is, for the log, as soon as that is known. */
  note(facts: { clientIs?: 'authenticated' | 'registered'; person?: string; detail?: string }): void;
}

export interface TokenAnswer {
  access_token: string;
  token_type: 'Bearer';
  expires_in: number;
}

/**
 * Issues a LiSTNR token: identifies the client, checks its rights, chooses subject and scope, and only then signs.
 * @throws HttpError from the guide's table.
 */
export async function issueToken(
  presented: Presented,
  dependencies: IssueTokenDependencies,
): Promise<TokenAnswer> {
  const { listnrIssuer, environment, keyRings, clock } = dependencies;
  const { client, idToken } = await authenticate(presented, dependencies);
  // The subject of another issuer may be anything, such as an e-mail address.
  presented.note(
    idToken
      ? { clientIs: 'registered', ...(idToken.own ? { person: idToken.claims.sub } : {}) }
      : { clientIs: 'authenticated' },
  );
  requireEnabled(client, environment);
  const claims = listnrClaims({
    issuer: listnrIssuer,
    audience: client.audience,
    scopes: grantedScopes(presented.request.scope, client.scopes),
    now: epochSeconds(clock),
    ...(idToken
      ? { subject: idToken.subject, profile: profileClaims(idToken.claims, client.claims) }
      : { subject: requestedSubject(presented.request.subject, client.defaultSubject), profile: {} }),
  });
  return {
    access_token: await signListnrToken(claims, keyRings.listnr.current),
    token_type: 'Bearer',
    expires_in: TOKEN_LIFETIME_SECONDS,
  };
}

async function authenticate(
  { authorization, request: { clientId }, client, note }: Presented,
  dependencies: IssueTokenDependencies,
): Promise<{ client: ListnrClient; idToken?: VerifiedIdToken }> {
  const credentials = readAuthorization(authorization);
  return credentials.scheme === 'bearer'
    ? authenticateBearer(credentials.token, client, dependencies)
    : { client: await authenticateBasic(credentials, { clientId, client }, { ...dependencies, note }) };
}

/** Runs after authentication, because a client's state is nobody else's business. */
function requireEnabled(client: ListnrClient, environment: string): void {
  if (client.disabled) throw unauthorizedClient('This client is disabled.');
  if (!client.environments.includes(environment))
    throw unauthorizedClient(`This client is not enabled for the environment ${environment}.`);
}
