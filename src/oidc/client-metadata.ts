import { randomBytes } from 'node:crypto';
import type { ClientMetadata } from 'oidc-provider';
import type { Client } from '../clients/client.ts';

/**
 * The library insists on seeing a confidential client's secret. Ours are kept as digests and compared in
 * `client-model.ts`; this stands in for them and is known to nobody.
 */
const PLACEHOLDER_SECRET = randomBytes(32).toString('hex');

/** A client as the library wants it (RFC 7591 names). Our own record rides along as `listo`. */
export function toClientMetadata(client: Client): ClientMetadata & { listo: Client } {
  return {
    client_id: client.id,
    client_name: client.name,
    application_type: client.applicationType,
    redirect_uris: [...client.redirectUris],
    post_logout_redirect_uris: [...client.postLogoutRedirectUris],
    grant_types: [...client.grantTypes],
    response_types: client.grantTypes.includes('authorization_code') ? ['code'] : [],
    ...(client.type === 'public'
      ? { token_endpoint_auth_method: 'none' }
      : { token_endpoint_auth_method: 'client_secret_basic', client_secret: PLACEHOLDER_SECRET }),
    listo: client,
  };
}

/** Our record of a client that the library handed to a hook. */
export function clientRecord(client: object): Client {
  return (client as { listo: Client }).listo;
}

/** The origins that may call on behalf of a client from a browser: those of its own redirect URIs. */
export function mayCallFrom(client: Client, origin: string): boolean {
  return client.redirectUris.some((uri) => /^https?:/.test(uri) && new URL(uri).origin === origin);
}
