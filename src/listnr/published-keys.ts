import type { KeyRing } from '../keys/key-ring.ts';
import { type PublishedDocument, publish } from '../platform/published-document.ts';

/** The public keys of LiSTNR tokens, as a document that is written once for each set of keys. */
export function publishedKeys(keyRings: { listnr: KeyRing }): () => PublishedDocument {
  const represent = (jwks: KeyRing['jwks']) => ({
    of: jwks,
    document: publish(jwks, 'application/json; charset=utf-8'),
  });
  let published = represent(keyRings.listnr.jwks);

  return () => {
    if (published.of !== keyRings.listnr.jwks) published = represent(keyRings.listnr.jwks);
    return published.document;
  };
}
