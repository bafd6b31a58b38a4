import { type CompactVerifyGetKey, errors } from 'jose';
import type { AcceptedIssuer } from '../../clients/listnr/listnr-client.ts';
import type { KeyRing } from '../../keys/key-ring.ts';
import { KEY_ALGORITHMS } from '../../keys/signing-key.ts';
import { type Clock, epochSeconds } from '../../platform/time/clock.ts';
import { issuerOf, subjectFor, type VerifiedIdToken } from './accepted-issuer.ts';
import { IdTokenRefused } from './errors.ts';
import type { ExternalKeys } from './external-keys.ts';
import { checkIdToken } from './id-token-claims.ts';
import { checkHeader, readIdToken, verifySignature } from './id-token-signature.ts';

export interface IdTokenVerifier {
  /** @throws IdTokenRefused; HttpError 503 when an external issuer's keys cannot be fetched. */
  verify(token: string, accepted: readonly AcceptedIssuer[]): Promise<VerifiedIdToken>;
  /** Whether this is a current ID token of this server, for any application. */
  isOwn(token: string): Promise<boolean>;
}

const OURSELVES = { issuer: 'self', jwksUri: null, algorithms: [] } as const;

interface VerifierDependencies {
  /** The `iss` of our own ID tokens. */
  issuer: string;
  keyRings: { oidc: Pick<KeyRing, 'verify' | 'publicKey'> };
  externalKeys: ExternalKeys;
  clock: Clock;
}

/** Verifies ID tokens of this server and of the external issuers that a client accepts. */
export function createIdTokenVerifier(dependencies: VerifierDependencies): IdTokenVerifier {
  return {
    async verify(token, accepted) {
      return subjectFor(await verifyFrom(token, accepted, dependencies));
    },

    async isOwn(token) {
      try {
        await verifyFrom(token, [OURSELVES], dependencies);
        return true;
      } catch (error) {
        if (error instanceof IdTokenRefused) return false;
        throw error;
      }
    },
  };
}

async function verifyFrom<Row extends Pick<AcceptedIssuer, 'issuer' | 'jwksUri' | 'algorithms'>>(
  token: string,
  accepted: readonly Row[],
  { issuer, keyRings, externalKeys, clock }: VerifierDependencies,
) {
  const { header, claims } = readIdToken(token);
  checkHeader(header);
  const row = issuerOf(claims, accepted, issuer);
  // Even if a row names our issuer as an external one, our keys verify the token and its people are ours.
  const own = claims.iss === issuer;
  // The usual token needs one look-up. A token of ours with another header, and every bad token, takes the long way.
  const verified = own && keyRings.oidc.verify(token, 'JWT');
  if (!verified) {
    const key = own || row.jwksUri === null ? keyOf(keyRings.oidc) : externalKeys(row.jwksUri);
    // Each of our keys has its own algorithm, and each of our clients chooses one. The registration chooses for others.
    await verifySignature(token, key, own ? KEY_ALGORITHMS : row.algorithms);
  }
  checkIdToken(claims, epochSeconds(clock));
  return { claims, row, own };
}

function keyOf(keyRing: Pick<KeyRing, 'publicKey'>): CompactVerifyGetKey {
  return ({ kid = '' }) => {
    const key = keyRing.publicKey(kid);
    if (!key) throw new errors.JWKSNoMatchingKey();
    return key;
  };
}
