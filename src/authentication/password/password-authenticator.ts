import { createHash } from 'node:crypto';
import type { PersonStore } from '../../accounts/person-store.ts';
import { hashPassword, verifyPassword } from '../../platform/secrets/digest.ts';
import type { HashQueue } from '../../platform/secrets/hash-queue.ts';
import { type Guesser, passwordBuckets } from '../guesses/buckets.ts';
import type { Guesses } from '../guesses/guesses.ts';
import type { SignInResult } from '../sign-in-result.ts';

export interface PasswordAuthenticator {
  /**
   * An unknown address and a wrong password take the same time and get the same answer. `account` is the name under
   * which the guesses are counted.
   * @throws HttpError 429 after too many failures, 503 when the queue of hashes is full.
   */
  signIn(
    attempt: Credentials & { account: string; guesser: Guesser; onFull: NonNullable<OnFull> },
  ): Promise<SignInResult>;
}

type OnFull = Parameters<Guesses['judge']>[0]['onFull'];

interface Credentials {
  instanceId: string;
  email: string;
  password: string;
}

export async function createPasswordAuthenticator({
  people,
  hashes,
  guesses,
  failuresPerMinute,
}: {
  people: PersonStore;
  hashes: HashQueue;
  guesses: Guesses;
  failuresPerMinute: number;
}): Promise<PasswordAuthenticator> {
  const nobodysHash = await hashPassword(crypto.randomUUID());
  const compare = async ({ instanceId, email, password }: Credentials): Promise<SignInResult> => {
    const found = await people.findCredentials(instanceId, email);
    const matches = await verifyPassword(password, found?.passwordHash ?? nobodysHash);
    // A disabled person gets the same answer as one who mistyped, so that nobody learns whether an account exists.
    if (!found) return refused('no person has this address');
    if (!matches) return refused('the password is wrong', found.id);
    if (found.disabled) return refused('the person is disabled', found.id);
    const passwordFingerprint = createHash('sha256').update(found.passwordHash).digest('hex');
    return { outcome: 'signed_in', personId: found.id, passwordFingerprint, factors: found.factors };
  };
  return {
    async signIn({ instanceId, email, password, account, guesser, onFull }) {
      return guesses.judge({
        buckets: passwordBuckets(account, guesser, failuresPerMinute),
        turn: (work) => hashes.run(guesser.browser ?? guesser.address, work),
        evaluate: () => compare({ instanceId, email, password }),
        isRight: ({ outcome }) => outcome === 'signed_in',
        onFull,
      });
    },
  };
}

function refused(detail: string, personId?: string): SignInResult {
  return { outcome: 'refused', reason: 'wrong_credentials', detail, ...(personId ? { personId } : {}) };
}
