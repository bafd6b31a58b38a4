import { claimed } from '../../platform/log/claimed.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Refusal } from '../../refusals/reasons.ts';
import { shownAddress } from '../../refusals/shown.ts';
import { mayCallFrom, originsOf } from '../allowed-now.ts';
import type { CertificateIssuers } from '../certificates/certificate-issuers.ts';
import type { Client } from '../client.ts';
import type { ClientStore } from '../client-store.ts';
import type { ClientKeys } from '../keys/client-keys.ts';
import { OAuthError } from '../oauth-error.ts';
import type { UsedProofStore } from '../proofs/used-proof-store.ts';
import type { ClientSecrets } from '../secrets/client-secrets.ts';
import { isFapi } from '../security-profile.ts';
import { type Audiences, verifyAssertion } from './assertion.ts';
import { verifyCertificate } from './certificate.ts';
import { type Credentials, type PresentedCredentials, readCredentials } from './credentials.ts';
import { invalidClient, invalidClientBecause } from './errors.ts';
import { nameOfMethod, namesOfMethods, whyOfSecret } from './method-refusals.ts';

/** A registered client that a request names, with the credentials that came with the name. */
export interface NamedClient {
  client: Client;
  credentials: Credentials;
}

export interface AuthenticationDependencies {
  clients: ClientStore;
  /** Asks the database, whatever is in memory. */
  lookUpClient: ClientStore['find'];
  clientSecrets: ClientSecrets;
  clientKeys: ClientKeys;
  certificateIssuers: CertificateIssuers;
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
  { clients, clientSecrets }: Pick<AuthenticationDependencies, 'clients' | 'clientSecrets'>,
): Promise<NamedClient> {
  const credentials = readCredentials(presented);
  const { clientId } = credentials;
  // An assertion can name an id that Postgres cannot represent.
  const client = clientId.includes('\0') ? undefined : await clients.find(clientId);
  if (!client)
    throw await withoutSecret(
      credentials,
      'client not found',
      { reason: 'client.unknown', came: { client_id: claimed(clientId) } },
      { clientSecrets },
    );
  refuseOtherOrigin(client, origin);
  return { client, credentials };
}

/** @throws OAuthError `invalid_request` when a page sent the request that may not call for the client. */
export function refuseOtherOrigin(
  client: Pick<Client, 'id' | 'redirectUris'>,
  origin: string | undefined,
): void {
  if (origin !== undefined && !mayCallFrom(client, origin))
    throw new OAuthError('invalid_request', `origin ${origin} not allowed for client: ${client.id}`, {
      why: {
        reason: 'origin.not_allowed',
        came: { origin: shownAddress(origin) },
        expected: { origin: originsOf(client) },
      },
    });
}

/**
 * Verifies the credentials of a client in the one way that it is registered for: a secret, an assertion, a certificate,
 * or nothing for a public client. `audiences` are the addresses by which an assertion may name this server.
 * @throws OAuthError `invalid_client`.
 */
export async function authenticateClient(
  named: NamedClient,
  audiences: Audiences,
  dependencies: AuthenticationDependencies,
): Promise<Client> {
  try {
    await verifyCredentials(named, audiences, dependencies);
    return named.client;
  } catch (error) {
    // An unknown client was looked up in the database. This one was in memory, and must not be told apart by the time.
    if (error instanceof OAuthError) await dependencies.lookUpClient(named.client.id);
    throw error;
  }
}

async function verifyCredentials(
  { client, credentials }: NamedClient,
  audiences: Audiences,
  dependencies: AuthenticationDependencies,
): Promise<void> {
  const { clientSecrets, usedProofs, clientKeys, clock } = dependencies;
  const { certificateAuthentication: authentication } = client;
  const method = methodOf(client);
  if (credentials.method === 'none' && method !== 'none')
    throw invalidClientBecause(`no ${method} was sent`, {
      reason: 'client.not_authenticated',
      expected: { method: namesOfMethods(client) },
    });
  if (credentials.method !== method)
    throw await withoutSecret(
      credentials,
      'the provided authentication mechanism does not match the registered client authentication method',
      {
        reason: 'client.method_not_registered',
        came: { method: nameOfMethod(credentials) },
        expected: { method: namesOfMethods(client) },
      },
      { clientSecrets },
    );
  if (credentials.method === 'secret') {
    const verdict = await clientSecrets.verify(client.id, credentials);
    if (!verdict.right) throw invalidClient('invalid secret provided', whyOfSecret(verdict));
  }
  if (authentication && method === 'none') {
    const { certificate } = credentials;
    if (!certificate)
      throw invalidClientBecause('no client certificate was sent', {
        reason: 'certificate.missing',
        expected: { method: namesOfMethods(client) },
      });
    await verifyCertificate(certificate, { client, authentication, now: clock.now() }, dependencies);
  }
  if (credentials.method === 'assertion')
    await verifyAssertion(
      credentials.assertion,
      { client, audiences, now: clock.now() },
      { usedProofs, clientKeys },
    );
}

/** The refusal of credentials for which there is nothing to compare, after as long as a wrong secret takes. */
async function withoutSecret(
  credentials: Credentials,
  detail: string,
  why: Refusal,
  { clientSecrets }: Pick<AuthenticationDependencies, 'clientSecrets'>,
): Promise<OAuthError> {
  if (credentials.method === 'secret') await clientSecrets.pretend(credentials.secret);
  return invalidClient(detail, why);
}

/** The part of a request in which a client authenticates. A certificate comes beside the request. */
function methodOf(client: Client): Credentials['method'] {
  const { type, jwks, jwksUri, certificateAuthentication } = client;
  if (certificateAuthentication) return 'none';
  // Without keys, no assertion is right.
  if (isFapi(client)) return 'assertion';
  if (type === 'public') return 'none';
  return jwks || jwksUri !== null ? 'assertion' : 'secret';
}
