import type { Context } from 'koa';
import type { KeyRing } from '../keys/key-ring.ts';
import { answerDocument, publish } from '../platform/published-document.ts';

/** Answers with the public keys of LiSTNR tokens, or 304 to a client that has them. */
export function createPublishedKeys(keyRings: { listnr: KeyRing }): (ctx: Context) => void {
  const represent = (jwks: KeyRing['jwks']) => ({ of: jwks, document: publish(jwks, 'application/json') });
  let published = represent(keyRings.listnr.jwks);

  return (ctx) => {
    if (published.of !== keyRings.listnr.jwks) published = represent(keyRings.listnr.jwks);
    answerDocument(ctx, published.document);
  };
}
