import type { JWTPayload } from 'jose';
import type { KeyRing } from '../keys/key-ring.ts';
import type { PastKeys } from '../keys/past-keys.ts';
import { IdTokenRefused } from '../tokens/id-tokens/errors.ts';
import { checkHeader, readIdToken, verifySignature } from '../tokens/id-tokens/id-token-signature.ts';

/** An ID token of ours that a client sends back. */
export interface IdTokenHint {
  clientId: string;
  subject: string;
}

/** Reads the `id_token_hint` of requests. */
export interface IdTokenHints {
  /**
   * An ID token that this server signed, however old (OpenID Connect RP-Initiated Logout 1.0 section 4). Undefined for
   * any other text, of which nothing is believed.
   */
  verify(hint: string): Promise<IdTokenHint | undefined>;
  /**
   * The person that a client asks for in an authorization request (OpenID Connect Core 3.1.2.1). Here a token whose key
   * is gone for good counts, too. It can only make us stricter, because everybody but this person has to sign in again,
   * so a forged one gains nothing.
   */
  subjectAskedFor(hint: string, clientId: string): Promise<string | undefined>;
}

const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];

export function createIdTokenHints({
  issuer,
  keyRing,
  pastKeys,
}: {
  issuer: string;
  keyRing: KeyRing;
  pastKeys: PastKeys;
}): IdTokenHints {
  const keyOf = (kid: string) => keyRing.publicKey(kid) ?? pastKeys.publicKey(kid);

  const read = async (hint: string) => {
    const { header, claims } = readIdToken(hint);
    checkHeader(header);
    const key = typeof header.kid === 'string' ? keyOf(header.kid) : undefined;
    if (key) await verifySignature(hint, async () => key, ALGORITHMS);
    return { header, claims, verified: key !== undefined };
  };

  const verify = (hint: string) =>
    unlessRefused(async () => {
      const { claims, verified } = await read(hint);
      return verified ? ofIssuer(claims, issuer) : undefined;
    });

  return {
    verify,
    async subjectAskedFor(hint, clientId) {
      const found = await unlessRefused(async () => {
        const { header, claims, verified } = await read(hint);
        const keyIsGone = typeof header.kid === 'string' && ALGORITHMS.includes(String(header.alg));
        return verified || keyIsGone ? ofIssuer(claims, issuer) : undefined;
      });
      return found?.clientId === clientId ? found.subject : undefined;
    },
  };
}

function ofIssuer({ iss, aud, sub }: JWTPayload, issuer: string): IdTokenHint | undefined {
  if (iss !== issuer || typeof aud !== 'string' || typeof sub !== 'string') return undefined;
  return { clientId: aud, subject: sub };
}

async function unlessRefused<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof IdTokenRefused) return undefined;
    throw error;
  }
}
