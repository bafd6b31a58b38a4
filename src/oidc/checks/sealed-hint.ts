import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { IdTokenHints } from '../id-token-hint.ts';
import { because } from '../reasons/refused-because.ts';

/** A `sealed_hint` has the effect of the `id_token_hint` for which it stands. */
export function checkSealedHint(hints: IdTokenHints) {
  return async (
    { oidc }: KoaContextWithOIDC,
    sealed: unknown,
    client: { clientId: string },
  ): Promise<void> => {
    if (sealed === undefined) return;
    const sub = await hints.subjectAskedFor({ sealed_hint: sealed }, client.clientId);
    if (sub === undefined)
      throw because(new errors.InvalidRequest('could not validate id_token_hint'), {
        reason: 'id_token_hint.not_valid',
      });
    oidc.entity('IdTokenHint', { header: {}, payload: { sub } });
  };
}
