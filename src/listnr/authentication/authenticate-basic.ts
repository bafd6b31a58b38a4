import type { ListnrClient } from '../../clients/listnr/listnr-client.ts';
import { invalidClient, invalidRequest, unauthorizedClient } from '../../tokens/listnr/errors.ts';
import type { Directory } from '../directory.ts';

/**
 * Authenticates a client by its id and secret, and checks that the body's `client_id`, to which `client` belongs, is
 * the same.
 *
 * A caller without the right secret learns only that a client authenticates with ID tokens. The ids of such clients
 * are public: browsers receive them. The log learns which check failed.
 *
 * @throws HttpError 401 `invalid_client`, 403 `unauthorized_client`, 400 `invalid_request`.
 */
export async function authenticateBasic(
  credentials: { clientId: string; secret: string },
  { clientId, client }: { clientId: string; client: ListnrClient | undefined },
  { directory, note }: { directory: Directory; note(facts: { detail: string }): void },
): Promise<ListnrClient> {
  const isBodys = credentials.clientId === clientId;
  if (isBodys && client?.pattern === 'authenticated_user')
    throw unauthorizedClient(
      'This client authenticates with ID tokens of its users (Authorization: Bearer).',
    );

  const authenticated = await directory.isSecretOf(credentials.clientId, credentials.secret);
  if (!authenticated) {
    const isKnown = directory.findClient(credentials.clientId) !== undefined;
    note({ detail: isKnown ? 'invalid secret provided' : 'client not found' });
    throw invalidClient('The client is unknown or its secret is wrong.', 'basic');
  }
  if (!isBodys || !client)
    throw invalidRequest('client_id must be the client that the Authorization header names.');
  return client;
}
