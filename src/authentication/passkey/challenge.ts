import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Clock, epochSeconds } from '../../platform/time/clock.ts';

/**
 * A passkey signs a challenge. The challenge carries its own expiry and proof, so that showing a page costs no row, and
 * it fits only the page for which it was made. The statement that accepts the answer uses it up (passkey-store.ts).
 */
export interface Challenges {
  create(binding: ChallengeBinding, expiresAt: number): string;
  /** When the challenge expires; undefined when it was made for another page, or by nobody. It may have expired. */
  verify(challenge: string, binding: ChallengeBinding): { expiresAt: number; expired: boolean } | undefined;
}

export interface ChallengeBinding {
  purpose: 'sign_in' | 'second_factor' | 'register';
  /** The interaction or the session in which the page was shown. */
  uid: string;
  /** The person whom the page concerns, where it is known. */
  personId?: string | undefined;
}

const RANDOM_BYTES = 16;
const EXPIRY_BYTES = 6;
const HEAD_BYTES = RANDOM_BYTES + EXPIRY_BYTES;
const MAC_BYTES = 32;

/** The first key makes challenges, and all of them verify. */
export function createChallenges(keys: readonly string[], clock: Clock): Challenges {
  const sign = (key: string, head: Buffer, { purpose, uid, personId = '' }: ChallengeBinding) =>
    createHmac('sha256', key)
      .update(`passkey:${JSON.stringify([purpose, uid, personId])}:`)
      .update(head)
      .digest();

  return {
    create(binding, expiresAt) {
      const head = Buffer.alloc(HEAD_BYTES);
      randomBytes(RANDOM_BYTES).copy(head);
      head.writeUIntBE(expiresAt, RANDOM_BYTES, EXPIRY_BYTES);
      return Buffer.concat([head, sign(keys[0] ?? '', head, binding)]).toString('base64url');
    },

    verify(challenge, binding) {
      const bytes = Buffer.from(challenge, 'base64url');
      if (bytes.length !== HEAD_BYTES + MAC_BYTES || bytes.toString('base64url') !== challenge)
        return undefined;
      const head = bytes.subarray(0, HEAD_BYTES);
      const mac = bytes.subarray(HEAD_BYTES);
      if (!keys.some((key) => timingSafeEqual(sign(key, head, binding), mac))) return undefined;
      const expiresAt = head.readUIntBE(RANDOM_BYTES, EXPIRY_BYTES);
      return { expiresAt, expired: expiresAt <= epochSeconds(clock) };
    },
  };
}
