import { randomBytes } from 'node:crypto';
import type { ClientMetadata } from 'oidc-provider';
import type { Client } from '../../clients/client.ts';
import type { ClientStore } from '../../clients/client-store.ts';
import type { KeyRing } from '../../keys/key-ring.ts';
import { requestContext } from '../request-context.ts';

/**
 * The library requires a confidential client's secret. We store digests, and `client-model.ts` compares them; this
 * placeholder is known to nobody.
 */
const PLACEHOLDER_SECRET = randomBytes(32).toString('hex');

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
    response_types: client.grantTypes.includes('authorization_code') ? ['code'] : [],
    id_token_signed_response_alg: keyRing.signer(idTokenSignedResponseAlg)
      ? idTokenSignedResponseAlg
      : 'RS256',
    dpop_bound_access_tokens: client.requireDpop,
    ...authentication(client),
    listo: client,
  };
}

function authentication({ type, jwks }: Client): Partial<ClientMetadata> {
  if (type === 'public') return { token_endpoint_auth_method: 'none' };
  if (jwks) return { token_endpoint_auth_method: 'private_key_jwt', jwks: jwks as ClientMetadata['jwks'] };
  return { token_endpoint_auth_method: 'client_secret_basic', client_secret: PLACEHOLDER_SECRET };
}

/** A registered client, perhaps already looked up to find the instance. */
export async function findClient(clients: ClientStore, id: string): Promise<Client | undefined> {
  // A client assertion can name an id that Postgres cannot represent.
  if (id.includes('\0')) return undefined;
  const known = requestContext().client;
  return known?.id === id ? known : clients.find(id);
}

/** Our record of a client that the library passed to a hook. */
export function clientRecord(client: object): Client {
  return (client as { listo: Client }).listo;
}

/** Whether a browser origin may call for a client: those of its redirect URIs may. */
export function mayCallFrom(client: Client, origin: string): boolean {
  return client.redirectUris.some((uri) => /^https?:/.test(uri) && new URL(uri).origin === origin);
}
