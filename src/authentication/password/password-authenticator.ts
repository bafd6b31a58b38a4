import type { Credentials, PasswordStore } from '../../accounts/password-store.ts';
import {
  hashPassword,
  type PasswordCost,
  parametersIn,
  parametersOf,
  verifyPassword,
} from '../../platform/secrets/digest.ts';
import type { HashQueue } from '../../platform/secrets/hash-queue.ts';
import { type Guesser, passwordBuckets } from '../guesses/buckets.ts';
import type { Guesses } from '../guesses/guesses.ts';
import type { SignInResult } from '../sign-in-result.ts';
import { createEqualWork } from './equal-work.ts';

export interface PasswordAuthenticator {
  /**
   * An unknown address and a wrong password take the same time and get the same answer. `account` is the name under
   * which the guesses are counted. A right password is hashed anew if its hash has other parameters than new ones.
   * @throws HttpError 429 after too many failures, 503 when the queue of hashes is full.
   */
  signIn(
    attempt: Attempt & { account: string; guesser: Guesser; onFull: NonNullable<OnFull> },
  ): Promise<SignInResult>;
}

type OnFull = Parameters<Guesses['judge']>[0]['onFull'];

interface Attempt {
  instanceId: string;
  email: string;
  password: string;
}

export function createPasswordAuthenticator({
  store,
  hashes,
  guesses,
  failuresPerMinute,
  cost,
}: {
  store: PasswordStore;
  hashes: HashQueue;
  guesses: Guesses;
  failuresPerMinute: number;
  /** The cost of a new hash. */
  cost: PasswordCost;
}): PasswordAuthenticator {
  const equalWork = createEqualWork(cost);
  const upToDate = async ({ id, passwordHash }: Credentials, password: string): Promise<void> => {
    if (parametersIn(passwordHash) === parametersOf(cost)) return;
    await store.replaceHash(id, { from: passwordHash, to: await hashPassword(password, cost) });
  };
  const compare = async ({ instanceId, email, password }: Attempt): Promise<SignInResult> => {
    const { found, parametersInUse } = await store.find(instanceId, email);
    const matches = found !== undefined && (await verifyPassword(password, found.passwordHash));
    if (matches && !found.disabled) {
      await upToDate(found, password);
      const { id: personId, passwordFingerprint, factors } = found;
      return { outcome: 'signed_in', personId, passwordFingerprint, factors };
    }
    // A disabled person gets the same answer as one who mistyped, so that nobody learns whether an account exists.
    await equalWork(parametersInUse, found && parametersIn(found.passwordHash));
    if (!found) return refused('no person has this address');
    return refused(matches ? 'the person is disabled' : 'the password is wrong', found.id);
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
