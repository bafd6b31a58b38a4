import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { because } from '../reasons/refused-because.ts';

const MOST_BYTES = 8 * 1024;

/** An ID token of ours may be longer, also when it is sealed. The head of a request bounds them. */
const MAY_BE_LONGER: ReadonlySet<string> = new Set(['id_token_hint', 'sealed_hint']);

/**
 * Refuses a value that would fill the database, since anybody can begin an authorization, and all its parameters are
 * kept. The person sees a page: a redirect would have to repeat `state`, and no server takes so long an address.
 */
export function checkLengths({ oidc: { params = {} } }: KoaContextWithOIDC): void {
  for (const [name, value] of Object.entries(params)) {
    if (!MAY_BE_LONGER.has(name) && Buffer.byteLength(String(value ?? '')) > MOST_BYTES)
      throw because(
        Object.assign(new errors.InvalidRequest(`${name} is longer than ${MOST_BYTES} bytes`), {
          allow_redirect: false,
        }),
        { reason: 'parameter.too_long', came: { parameter: name } },
      );
  }
}
