import { randomBytes } from 'node:crypto';
import type { ClientMetadata, ResponseType } from 'oidc-provider';
import { isAccountClient } from '../../clients/account-client.ts';
import type { Client } from '../../clients/client.ts';
import type { ClientStore } from '../../clients/client-store.ts';
import type { KeyRing } from '../../keys/key-ring.ts';
import { requestContext } from '../request-context.ts';

/**
 * The secret of every confidential client, to the library, which also authenticates. Nobody outside this process knows
 * it: a client is authenticated before the library (oidc/requests/client-requests.ts), which then gets this secret.
 */
const VOUCHED_SECRET = randomBytes(32).toString('hex');

/**
 * A client in the library's form (RFC 7591 names), with our own record as `listo`. The library refuses a client whose
 * algorithm has no key, even if nothing is signed. So until there is a key, it sees RS256 (tokens/issue-tokens.ts).
 */
export function toClientMetadata(client: Client, keyRing: KeyRing): ClientMetadata & { listo: Client } {
  const { idTokenSignedResponseAlg } = client;
  return {
    client_id: client.id,
    client_name: client.name,
    application_type: client.applicationType,
    redirect_uris: [...client.redirectUris],
    post_logout_redirect_uris: [...client.postLogoutRedirectUris],
    grant_types: [...client.grantTypes],
    response_types: responseTypes(client),
    id_token_signed_response_alg: keyRing.signer(idTokenSignedResponseAlg)
      ? idTokenSignedResponseAlg
      : 'RS256',
    dpop_bound_access_tokens: client.requireDpop,
    ...authentication(client),
    listo: client,
  };
}

function responseTypes(client: Client): ResponseType[] {
  if (isAccountClient(client)) return ['none'];
  return client.grantTypes.includes('authorization_code') ? ['code'] : [];
}

function authentication({ type }: Client): Partial<ClientMetadata> {
  if (type === 'public') return { token_endpoint_auth_method: 'none' };
  return { token_endpoint_auth_method: 'client_secret_basic', client_secret: VOUCHED_SECRET };
}

/** The credentials that the library takes for an authenticated client, instead of those that the client sent. */
export function vouchedCredentials({ id, type }: Client): {
  authorization?: string;
  parameters: { client_id?: string };
} {
  if (type === 'public') return { parameters: { client_id: id } };
  const credentials = Buffer.from(`${encodeURIComponent(id)}:${VOUCHED_SECRET}`);
  return { authorization: `Basic ${credentials.toString('base64')}`, parameters: {} };
}

/** A registered client, perhaps already looked up to find the instance. */
export async function findClient(clients: ClientStore, id: string): Promise<Client | undefined> {
  const known = requestContext().client;
  return known?.id === id ? known : clients.find(id);
}

/** Our record of a client that the library passed to a hook. */
export function clientRecord(client: object): Client {
  return (client as { listo: Client }).listo;
}
