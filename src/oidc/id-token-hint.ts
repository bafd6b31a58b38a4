import type { JWTPayload } from 'jose';
import type { KeyRing } from '../keys/key-ring.ts';
import type { PastKeys } from '../keys/past-keys.ts';
import { KEY_ALGORITHMS } from '../keys/signing-key.ts';
import { OperatorError } from '../platform/errors.ts';
import type { SecretBox } from '../platform/secrets/secret-box.ts';
import { isIdentifier } from '../tokens/claims/identifier.ts';
import { IdTokenRefused } from '../tokens/id-tokens/errors.ts';
import { checkHeader, readIdToken, verifySignature } from '../tokens/id-tokens/id-token-signature.ts';

/** An ID token of ours that a client sends back. */
export interface IdTokenHint {
  clientId: string;
  subject: string;
  /** The `uid` of the session in which the person signed in (`sid`). */
  sessionUid: string | undefined;
}

/** The parameters of an authorization request that say whom the client asks for. */
export interface AskedFor {
  id_token_hint?: unknown;
  /** Stands for the `id_token_hint` in an address of ours. */
  sealed_hint?: unknown;
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
   * so a forged one gains nothing. Undefined for a hint that is no ID token of ours for this client.
   */
  subjectAskedFor(parameters: AskedFor, clientId: string): Promise<string | undefined>;
  /**
   * Makes a `sealed_hint` of an `id_token_hint`: the person that it names for this client, readable to this server
   * alone. An ID token must not get into an address, because addresses are kept in histories and logs.
   */
  seal(hint: string, clientId: string): Promise<string>;
}

/** Stands for a hint that is no ID token of ours. Nothing opens it, so the client is told as without a form. */
export const NOBODY = 'not-valid';

export function createIdTokenHints({
  issuer,
  keyRing,
  pastKeys,
  box,
}: {
  issuer: string;
  keyRing: KeyRing;
  pastKeys: PastKeys;
  box: SecretBox;
}): IdTokenHints {
  const keyOf = (kid: string) => keyRing.publicKey(kid) ?? pastKeys.publicKey(kid);

  const read = async (hint: string) => {
    const { header, claims } = readIdToken(hint);
    checkHeader(header);
    const key = typeof header.kid === 'string' ? keyOf(header.kid) : undefined;
    if (key) await verifySignature(hint, async () => key, KEY_ALGORITHMS);
    return { header, claims, verified: key !== undefined };
  };
  const subjectOf = async (hint: unknown, clientId: string) => {
    const found = await unlessRefused(async () => {
      const { header, claims, verified } = await read(String(hint));
      const keyIsGone = typeof header.kid === 'string' && KEY_ALGORITHMS.some((alg) => alg === header.alg);
      return verified || keyIsGone ? ofIssuer(claims, issuer) : undefined;
    });
    return found?.clientId === clientId ? found.subject : undefined;
  };

  return {
    verify: (hint) =>
      unlessRefused(async () => {
        const { claims, verified } = await read(hint);
        return verified ? ofIssuer(claims, issuer) : undefined;
      }),
    async subjectAskedFor({ id_token_hint: hint, sealed_hint: sealed }, clientId) {
      if (sealed === undefined) return subjectOf(hint, clientId);
      return unlessRefused(async () => box.open(String(sealed), sealContext(clientId)));
    },
    async seal(hint, clientId) {
      const subject = await subjectOf(hint, clientId);
      return subject === undefined ? NOBODY : box.seal(subject, sealContext(clientId));
    },
  };
}

function sealContext(clientId: string): string {
  return `the person that ${clientId} asks for`;
}

function ofIssuer({ iss, aud, sub, sid }: JWTPayload, issuer: string): IdTokenHint | undefined {
  if (iss !== issuer || !isIdentifier(aud) || !isIdentifier(sub)) return undefined;
  return { clientId: aud, subject: sub, sessionUid: isIdentifier(sid) ? sid : undefined };
}

/** A sealed text that nobody can open is an OperatorError where an operator wrote it. Here anybody may have written it. */
async function unlessRefused<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof IdTokenRefused || error instanceof OperatorError) return undefined;
    throw error;
  }
}
