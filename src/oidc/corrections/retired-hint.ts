import { decodeJwt, decodeProtectedHeader } from 'jose';
import { Provider } from 'oidc-provider';
import type { KeyRing } from '../../keys/key-ring.ts';
import { replace } from './replace.ts';

type Validate = Provider['IdToken']['validate'];

const AUTHORIZATION_ROUTES: ReadonlySet<string> = new Set(['authorization', 'pushed_authorization_request']);

/**
 * A relying party may keep an ID token longer than we keep its key. At authorize, such a hint is read all the same
 * (OIDC Core 3.1.2.1). It can only make us stricter, because everybody but the named person has to sign in again, so
 * a forged one gains nothing. Any other hint that does not verify is an error for the client.
 */
export function readRetiredHints(provider: Provider, { keyRing }: { keyRing: KeyRing }): void {
  const { IdToken } = provider;
  const validate = IdToken.validate.bind(IdToken) as Validate;

  replace(IdToken, {
    async validate(...[hint, client]: Parameters<Validate>): ReturnType<Validate> {
      const read = AUTHORIZATION_ROUTES.has(Provider.ctx?.oidc.route ?? '') ? decode(hint) : undefined;
      const signedWithRetiredKey =
        typeof read?.header.kid === 'string' &&
        !keyRing.publicKey(read.header.kid) &&
        read.payload.iss === provider.issuer &&
        read.payload.aud === client.clientId &&
        typeof read.payload.sub === 'string';
      return read && signedWithRetiredKey ? read : validate(hint, client);
    },
  });
}

/** Undefined for text that is no JWT, which the library then refuses in its own words. */
function decode(hint: string) {
  try {
    return { header: { ...decodeProtectedHeader(hint) }, payload: { ...decodeJwt(hint) } };
  } catch {
    return undefined;
  }
}
