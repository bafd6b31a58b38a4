import type { ListnrClient } from '../clients/listnr-client.ts';
import type { Directory } from './directory.ts';
import { invalidClient, invalidToken, unauthorizedClient } from './errors.ts';
import type { IdTokenVerifier, VerifiedIdToken } from './id-token-verifier.ts';

/**
 * Verifies the ID token that a client of the authenticated-user kind brings.
 *
 * A client that authenticates with a secret is named as such only to somebody who is signed in with us. To anybody
 * else it is as unknown as one that does not exist, so that the names of backends cannot be tried out here.
 *
 * @throws HttpError 401 `invalid_client` or `invalid_token`, 403 `unauthorized_client`, 503.
 */
export async function authenticateBearer(
  token: string,
  client: ListnrClient | undefined,
  { idTokens, directory }: { idTokens: IdTokenVerifier; directory: Directory },
): Promise<{ client: ListnrClient; idToken: VerifiedIdToken }> {
  if (client?.pattern !== 'authenticated_user') {
    if (client && (await idTokens.isOwn(token)))
      throw unauthorizedClient('This client authenticates with its secret (Authorization: Basic).');
    throw invalidClient('There is no client of this client_id that authenticates with ID tokens.', 'bearer');
  }

  const idToken = await idTokens.verify(token, client.acceptedIssuers);
  if (idToken.own && !directory.mayBeNamed(idToken.claims.sub))
    throw invalidToken('The person whom the ID token is about can no longer sign in.');
  return { client, idToken };
}
