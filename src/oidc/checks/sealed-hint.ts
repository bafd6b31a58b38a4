import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { IdTokenHints } from '../id-token-hint.ts';

/** A `sealed_hint` has the effect of the `id_token_hint` for which it stands. */
export function checkSealedHint(hints: IdTokenHints) {
  return async (
    { oidc }: KoaContextWithOIDC,
    sealed: unknown,
    client: { clientId: string },
  ): Promise<void> => {
    if (sealed === undefined) return;
    const sub = await hints.subjectAskedFor({ sealed_hint: sealed }, client.clientId);
    if (sub === undefined) throw new errors.InvalidRequest('could not validate id_token_hint');
    oidc.entity('IdTokenHint', { header: {}, payload: { sub } });
  };
}
