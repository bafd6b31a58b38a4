import { decodeJwt, errors as joseErrors } from 'jose';
import type { Provider } from 'oidc-provider';
import type { Client } from '../clients/client.ts';
import { clientRecord } from './client-metadata.ts';

/**
 * Who an `id_token_hint` says was signed in, and where. Undefined when it does not prove it: malformed, of another
 * issuer, or signed with a key that has gone since. An expired one still counts (OIDC RP-Initiated Logout 1.0).
 */
export async function readIdTokenHint(
  provider: Provider,
  hint: string,
): Promise<{ client: Client; subject: string } | undefined> {
  try {
    const { aud, sub } = decodeJwt(hint);
    const client = typeof aud === 'string' ? await provider.Client.find(aud) : undefined;
    if (!client || typeof sub !== 'string') return undefined;
    await provider.IdToken.validate(hint, client);
    return { client: clientRecord(client), subject: sub };
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

/** What the library throws for a token that does not verify has no class of its own; what the database throws has a code. */
function isRefusal(error: unknown): boolean {
  return error instanceof joseErrors.JOSEError || (error instanceof Error && !('code' in error));
}
