import type { Client } from './client.ts';
import { OAuthError } from './oauth-error.ts';

/** Whether the pages of a browser origin may call for a client: those at its redirect URIs may. */
export function mayCallFrom({ redirectUris }: Pick<Client, 'redirectUris'>, origin: string): boolean {
  return redirectUris.some((uri) => /^https?:/.test(uri) && new URL(uri).origin === origin);
}

/** @throws OAuthError `invalid_request` when a page sent the request that may not call for the client. */
export function refuseOtherOrigin(
  client: Pick<Client, 'id' | 'redirectUris'>,
  origin: string | undefined,
): void {
  if (origin !== undefined && !mayCallFrom(client, origin))
    throw new OAuthError('invalid_request', `origin ${origin} not allowed for client: ${client.id}`);
}
