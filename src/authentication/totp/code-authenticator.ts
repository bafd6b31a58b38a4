import type { Origin } from '../../audit/record.ts';
import { type Clock, epochSeconds } from '../../platform/time/clock.ts';
import { recoveryCodeBuckets, type SecondFactorGuesser, totpBuckets } from '../guesses/buckets.ts';
import type { Bucket } from '../guesses/guess-store.ts';
import type { Guesses } from '../guesses/guesses.ts';
import type { RecoveryCodeStore } from '../recovery-codes/recovery-code-store.ts';
import { compareTotp } from './totp.ts';
import type { TotpStore } from './totp-store.ts';

export type CodeResult =
  | { outcome: 'accepted'; factor?: string }
  /** `other_time`: it was right this many seconds ago. */
  | { outcome: 'refused'; reason: 'wrong' | 'used' | 'no_factor' }
  | { outcome: 'refused'; reason: 'other_time'; secondsAgo: number };

/** Judges the codes of a second factor, of a person who has proven another one. */
export interface CodeAuthenticator {
  /** @throws HttpError 429 after too many wrong ones. */
  totp(attempt: Attempt): Promise<CodeResult>;
  /** @throws HttpError 429 after too many wrong ones. */
  recoveryCode(attempt: Attempt & { origin: Origin }): Promise<CodeResult>;
}

interface Attempt {
  code: string;
  guesser: SecondFactorGuesser;
  /** Hears that no more guesses are taken for a while. */
  onFull?: (bucket: Bucket | undefined) => Promise<void>;
}

export function createCodeAuthenticator({
  totp,
  recoveryCodes,
  guesses,
  failuresPerMinute,
  clock,
}: {
  totp: TotpStore;
  recoveryCodes: RecoveryCodeStore;
  guesses: Guesses;
  failuresPerMinute: number;
  clock: Clock;
}): CodeAuthenticator {
  const compare = async (personId: string, code: string): Promise<CodeResult> => {
    const app = await totp.find(personId);
    if (!app) return { outcome: 'refused', reason: 'no_factor' };
    const compared = compareTotp(app.secret, code, epochSeconds(clock));
    if (compared.outcome === 'right') {
      const used = await totp.use(personId, app.id, compared.step);
      return used
        ? { outcome: 'accepted', factor: `totp:${app.id}` }
        : { outcome: 'refused', reason: 'used' };
    }
    // Nobody hears that a code will be right later: a guesser could wait for it.
    return compared.outcome === 'other_time' && compared.secondsAgo > 0
      ? { outcome: 'refused', reason: 'other_time', secondsAgo: compared.secondsAgo }
      : { outcome: 'refused', reason: 'wrong' };
  };
  const isRight = ({ outcome }: CodeResult) => outcome === 'accepted';
  return {
    totp: ({ code, guesser, onFull }) =>
      guesses.judge<CodeResult>({
        ...(onFull ? { onFull } : {}),
        buckets: totpBuckets(guesser, failuresPerMinute),
        evaluate: () => compare(guesser.personId, code),
        isRight,
      }),
    recoveryCode: ({ code, guesser, origin, onFull }) =>
      guesses.judge<CodeResult>({
        ...(onFull ? { onFull } : {}),
        buckets: recoveryCodeBuckets(guesser, failuresPerMinute),
        evaluate: async () =>
          (await recoveryCodes.use(guesser.personId, code, origin))
            ? { outcome: 'accepted' }
            : { outcome: 'refused', reason: 'wrong' },
        isRight,
      }),
  };
}
