import type { ListnrClient } from '../../clients/listnr/listnr-client.ts';
import type { Refusal } from '../../refusals/reasons.ts';
import type { VerifiedIdToken } from '../../tokens/id-tokens/accepted-issuer.ts';
import { IdTokenRefused } from '../../tokens/id-tokens/errors.ts';
import type { IdTokenVerifier } from '../../tokens/id-tokens/id-token-verifier.ts';
import { invalidClient, invalidToken, unauthorizedClient } from '../../tokens/listnr/errors.ts';
import type { Directory } from '../directory.ts';

/**
 * Verifies the ID token that a client of the authenticated-user pattern presents.
 *
 * Only a caller with an ID token of ours learns that a client authenticates with a secret. To others such a client
 * looks unknown, so that nobody can try out the names of backends.
 *
 * @throws HttpError 401 `invalid_client` or `invalid_token`, 403 `unauthorized_client`, 503.
 */
export async function authenticateBearer(
  token: string,
  client: ListnrClient | undefined,
  { idTokens, directory }: { idTokens: IdTokenVerifier; directory: Directory },
): Promise<{ client: ListnrClient; idToken: VerifiedIdToken }> {
  if (client?.pattern !== 'authenticated_user') {
    const why: Refusal = { reason: client ? 'listnr.secret_required' : 'listnr.client_unknown' };
    if (client && (await idTokens.isOwn(token)))
      throw unauthorizedClient('This client authenticates with its secret (Authorization: Basic).', why);
    throw invalidClient(
      'There is no client of this client_id that authenticates with ID tokens.',
      why,
      'bearer',
    );
  }

  const idToken = await accepted(() => idTokens.verify(token, client.acceptedIssuers));
  if (idToken.own && !directory.mayBeNamed(idToken.claims.sub))
    throw invalidToken('The person whom the ID token is about can no longer sign in.', {
      reason: 'id_token.person_denied',
    });
  return { client, idToken };
}

/** A refusal as LiSTNR answers it (RFC 6750 section 3.1). */
async function accepted<T>(verify: () => Promise<T>): Promise<T> {
  try {
    return await verify();
  } catch (error) {
    throw error instanceof IdTokenRefused ? invalidToken(error.message, error.why, error.cause) : error;
  }
}
