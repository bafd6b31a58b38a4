import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createRecent } from '../../platform/copies/recent.ts';
import { isSlow } from '../../platform/secrets/digest.ts';

/**
 * The slow digests (argon2id) whose secret this process has seen, so that a client that authenticates all the time
 * waits for a hash once an hour, and never behind a flood of guesses. A digest that changed or was removed is not
 * asked for again.
 */
export interface ProvenSecrets {
  has(secret: string, digest: string): boolean;
  add(secret: string, digest: string): void;
}

const LIFETIME_MS = 60 * 60 * 1000;

export function createProvenSecrets(): ProvenSecrets {
  // The proofs are worth nothing without this key, which never leaves the process.
  const key = randomBytes(32);
  const proofs = createRecent<Buffer>({ max: 10_000, ttlMs: LIFETIME_MS });
  const proofOf = (secret: string) => createHmac('sha256', key).update(secret).digest();
  return {
    has(secret, digest) {
      const proof = isSlow(digest) ? proofs.get(digest) : undefined;
      return proof !== undefined && timingSafeEqual(proof, proofOf(secret));
    },
    add(secret, digest) {
      proofs.set(digest, proofOf(secret));
    },
  };
}
