import { createHash } from 'node:crypto';
import type { PersonStore } from '../../accounts/person-store.ts';
import { hashPassword, verifyPassword } from '../../platform/digest.ts';
import type { HashQueue } from '../../platform/hash-queue.ts';
import type { SignInResult } from '../authenticator.ts';

export interface PasswordAuthenticator {
  /** An unknown address and a wrong password take the same time and get the same answer. */
  signIn(attempt: {
    instanceId: string;
    email: string;
    password: string;
    /** The lane in which the attempt waits for its hash. */
    from: string;
  }): Promise<SignInResult>;
}

const REFUSED: SignInResult = { outcome: 'refused', reason: 'wrong_credentials' };

export async function createPasswordAuthenticator({
  people,
  hashes,
}: {
  people: PersonStore;
  hashes: HashQueue;
}): Promise<PasswordAuthenticator> {
  const nobodysHash = await hashPassword(crypto.randomUUID());
  return {
    async signIn({ instanceId, email, password, from }) {
      const credentials = await people.findCredentials(instanceId, email);
      const matches = await hashes.run(from, () =>
        verifyPassword(password, credentials?.passwordHash ?? nobodysHash),
      );
      // A disabled person gets the same answer as one who mistyped, so that nobody learns whether an account exists.
      if (!credentials || !matches || credentials.disabled) return REFUSED;
      const passwordFingerprint = createHash('sha256').update(credentials.passwordHash).digest('hex');
      return { outcome: 'signed_in', personId: credentials.id, passwordFingerprint };
    },
  };
}
