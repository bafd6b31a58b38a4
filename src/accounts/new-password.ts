import { hashPassword, type PasswordCost } from '../platform/secrets/digest.ts';
import type { HashQueue } from '../platform/secrets/hash-queue.ts';
import type { LeakedPasswords } from './leaked-passwords.ts';
import { mistakeOfPassword } from './password-rule.ts';

/**
 * Says why a new password is refused, in a sentence for the person that does not repeat it; undefined when nothing is
 * wrong. Every way to set a password asks here (ASVS 6.2). `about`: the person's address, name and organisation, which an
 * attacker tries first.
 */
export type JudgePassword = (
  password: string,
  options?: { about?: readonly (string | null | undefined)[]; turn?: Turn },
) => Promise<string | undefined>;

/** Waits for a turn, and does the work then. */
type Turn = <T>(work: () => Promise<T>) => Promise<T>;

const AT_ONCE: Turn = (work) => work();

export function createPasswordJudge({
  leaked,
}: {
  leaked?: LeakedPasswords | undefined;
} = {}): JudgePassword {
  return async (password, { about = [], turn = AT_ONCE } = {}) => {
    const known = about.filter((text) => text !== null && text !== undefined);
    const mistake = await turn(() => mistakeOfPassword(password, { about: known }));
    if (mistake !== undefined) return mistake;
    if (await leaked?.has(password))
      return 'This password has become public elsewhere, so attackers try it first. Choose another one.';
    return undefined;
  };
}

/** The pages on which somebody chooses a password ask this. */
export interface NewPasswords {
  /**
   * Judges a new password that was typed twice, and makes the hash to store of one that may be set. `lane` is whose turn it
   * takes in the queue of hashes: the address or the browser. Judging waits there, too: it takes the main thread for a tenth of a second.
   * @throws HttpError 503 when the queue of hashes is full.
   */
  accept(
    password: string,
    options: { again: string; about: readonly (string | null | undefined)[]; lane: string },
  ): Promise<{ mistake: string } | { passwordHash: string }>;
}

export function createNewPasswords({
  judge,
  hashes,
  cost,
}: {
  judge: JudgePassword;
  hashes: HashQueue;
  cost: PasswordCost;
}): NewPasswords {
  return {
    async accept(password, { again, about, lane }) {
      if (password === '') return { mistake: 'Enter a password.' };
      if (password !== again) return { mistake: 'The two passwords are not the same.' };
      const turn: Turn = (work) => hashes.run(lane, work);
      const mistake = await judge(password, { about, turn });
      if (mistake !== undefined) return { mistake };
      return { passwordHash: await turn(() => hashPassword(password, cost)) };
    },
  };
}
