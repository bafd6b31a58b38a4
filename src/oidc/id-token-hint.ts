import { decodeJwt } from 'jose';
import type { Provider } from 'oidc-provider';
import type { Client } from '../clients/client.ts';
import { clientRecord } from './storage/client-metadata.ts';

export interface IdTokenHint {
  /** Whom the token says it was issued to: no more than a `client_id` that anybody may send. */
  client: Client;
  subject: string | undefined;
  /** Whether this server issued it; an expired one still counts. */
  proven: boolean;
}

/**
 * What an `id_token_hint` says (OIDC RP-Initiated Logout 1.0 section 2). A token signed with a key that has gone
 * since, or by somebody else, proves nothing. Undefined when it does not even name a client of ours.
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

/** Nothing but the token itself can make this fail: the keys are at hand. */
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
