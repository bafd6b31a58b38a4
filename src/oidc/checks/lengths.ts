import { errors, type KoaContextWithOIDC } from 'oidc-provider';

const MOST_BYTES = 8 * 1024;

/** Values of the client's choice that are stored and sent back: `state` with the interaction, `nonce` with each token. */
const KEPT = ['state', 'nonce'] as const;

/**
 * Refuses a value that would fill the database, since anybody can begin an authorization. The person sees a page: a
 * redirect would have to repeat the value, and no server takes so long an address.
 */
export function checkLengths({ oidc: { params } }: KoaContextWithOIDC): void {
  for (const name of KEPT) {
    if (Buffer.byteLength(String(params?.[name] ?? '')) > MOST_BYTES)
      throw Object.assign(new errors.InvalidRequest(`${name} is longer than ${MOST_BYTES} bytes`), {
        allow_redirect: false,
      });
  }
}
