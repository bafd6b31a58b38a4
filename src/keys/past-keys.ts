import { type CryptoKey, importJWK } from 'jose';
import { type Followed, keepCopy } from '../platform/copies/kept-copy.ts';
import type { PastKeyStore } from './past-key-store.ts';

/**
 * The public keys of OpenID Connect that rotations removed within the last year, ready to use. An application may keep
 * an ID token longer than its key is published, and sign out with it. Nothing but an `id_token_hint` is verified with
 * them.
 */
export interface PastKeys extends Followed {
  publicKey(kid: string): CryptoKey | undefined;
}

export async function createPastKeys(store: PastKeyStore): Promise<PastKeys> {
  const copy = await keepCopy(async () => {
    const { version, content } = await store.read();
    const imported = content.map(
      async ({ kid, alg, publicJwk }) => [kid, (await importJWK(publicJwk, alg)) as CryptoKey] as const,
    );
    return { version, content: new Map(await Promise.all(imported)) };
  });
  return {
    publicKey: (kid) => copy.content.get(kid),
    get confirmedAt() {
      return copy.confirmedAt;
    },
    follow: copy.follow,
    reload: copy.reload,
  };
}
