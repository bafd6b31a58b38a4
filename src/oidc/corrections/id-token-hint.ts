import type { Provider } from 'oidc-provider';
import type { IdTokenHints } from '../id-token-hint.ts';
import { replace } from './replace.ts';

type Validate = Provider['IdToken']['validate'];

/** The library reads an `id_token_hint` of an authorization request as we do, also when its key is published no more. */
export function readHints(provider: Provider, { hints }: { hints: IdTokenHints }): void {
  replace(provider.IdToken, {
    async validate(...[hint, client]: Parameters<Validate>): ReturnType<Validate> {
      const sub = await hints.subjectAskedFor({ id_token_hint: hint }, client.clientId);
      if (sub === undefined) throw new Error('The hint is no ID token of ours for this client.');
      return { header: {}, payload: { sub } };
    },
  });
}
