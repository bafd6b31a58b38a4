import type { Clock } from '../../platform/time/clock.ts';
import type { Client } from '../client.ts';
import type { ClientSecrets } from '../client-secrets.ts';
import type { ClientStore } from '../client-store.ts';
import { refuseOtherOrigin } from '../origins.ts';
import type { UsedProofStore } from '../used-proof-store.ts';
import { verifyAssertion } from './assertion.ts';
import { type Credentials, type PresentedCredentials, readCredentials } from './credentials.ts';
import { invalidClient } from './errors.ts';

/** A registered client that a request names, with the credentials that came with the name. */
export interface NamedClient {
  client: Client;
  credentials: Credentials;
}

export interface AuthenticationDependencies {
  clients: ClientStore;
  clientSecrets: ClientSecrets;
  usedProofs: UsedProofStore;
  clock: Clock;
}

/**
 * Finds the client that a request names. Pages of its origins may read the answer from here on. `origin` is that of
 * the page that sends the request, if a page does.
 * @throws OAuthError `invalid_request`; `invalid_client` when there is no such client, or it is disabled.
 */
export async function identifyClient(
  { origin, ...presented }: PresentedCredentials & { origin: string | undefined },
  { clients }: Pick<AuthenticationDependencies, 'clients'>,
): Promise<NamedClient> {
  const credentials = readCredentials(presented);
  const { clientId } = credentials;
  // An assertion can name an id that Postgres cannot represent.
  const client = clientId.includes('\0') ? undefined : await clients.find(clientId);
  if (!client) throw invalidClient('client not found');
  refuseOtherOrigin(client, origin);
  return { client, credentials };
}

/**
 * Verifies the credentials of a client in the one way that it is registered for: a secret, an assertion, or nothing
 * for a public client. `audiences` are the addresses by which an assertion may name this server.
 * @throws OAuthError `invalid_client`.
 */
export async function authenticateClient(
  { client, credentials }: NamedClient,
  audiences: readonly string[],
  { clientSecrets, usedProofs, clock }: AuthenticationDependencies,
): Promise<Client> {
  if (credentials.method !== methodOf(client))
    throw invalidClient(
      'the provided authentication mechanism does not match the registered client authentication method',
    );
  if (credentials.method === 'secret' && !(await clientSecrets.verify(client.id, credentials.secret)))
    throw invalidClient('invalid secret provided');
  if (credentials.method === 'assertion')
    await verifyAssertion(credentials.assertion, { client, audiences, now: clock.now() }, { usedProofs });
  return client;
}

function methodOf({ type, jwks }: Client): Credentials['method'] {
  if (type === 'public') return 'none';
  return jwks ? 'assertion' : 'secret';
}
