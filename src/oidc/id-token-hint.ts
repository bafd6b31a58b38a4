import { decodeJwt } from 'jose';
import type { Provider } from 'oidc-provider';
import type { Client } from '../clients/client.ts';
import { clientRecord } from './storage/client-metadata.ts';

export interface IdTokenHint {
  /** The client in the token's audience. It proves no more than a `client_id`, which anybody may send. */
  client: Client;
  subject: string | undefined;
  /** Whether this server issued the token, which may have expired. */
  proven: boolean;
}

/**
 * Reads an `id_token_hint` (OIDC RP-Initiated Logout 1.0 section 2). A token that is signed with a removed key, or by
 * another issuer, proves nothing. Undefined when it does not even name a client of ours.
 */
export async function readIdTokenHint(provider: Provider, hint: string): Promise<IdTokenHint | undefined> {
  const { aud, sub } = claimsOf(hint);
  const client = typeof aud === 'string' ? await provider.Client.find(aud) : undefined;
  if (!client) return undefined;
  return { client: clientRecord(client), subject: sub, proven: await isOurs(provider, client, hint) };
}

function claimsOf(hint: string): ReturnType<typeof decodeJwt> {
  try {
    return decodeJwt(hint);
  } catch {
    return {};
  }
}

/** Only the token itself can make this fail, since the keys are in memory. */
async function isOurs(
  provider: Provider,
  client: Parameters<Provider['IdToken']['validate']>[1],
  hint: string,
): Promise<boolean> {
  try {
    await provider.IdToken.validate(hint, client);
    return true;
  } catch {
    return false;
  }
}
