import { setTimeout as pause } from 'node:timers/promises';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { HttpError } from '../../platform/errors.ts';

/** Counts events by key over one minute, in this process's memory. */
export interface RateLimit {
  /** Counts an event. @throws HttpError 429 with Retry-After when the count exceeds the limit. */
  count(key: string): Promise<void>;
  /** Does not count. @throws HttpError 429 when the limit is already reached. */
  check(key: string): Promise<void>;
  /** Takes one event back. */
  giveBack(key: string): Promise<void>;
  /**
   * Runs `work`, which counts if it is false. Work under way takes a place until it ends.
   * @throws HttpError 429 when the limit is reached, by counted events alone.
   */
  guard(key: string, work: () => Promise<boolean>): Promise<boolean>;
}

/** The work under way may all be right, so more of it looks again. */
const AGAIN_MS = 50;

const NO_LIMIT: RateLimit = {
  count: async () => {},
  check: async () => {},
  giveBack: async () => {},
  guard: (_key, work) => work(),
};

export function createRateLimit(perMinute: number): RateLimit {
  if (perMinute === 0) return NO_LIMIT;
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
  const underWay = new Map<string, number>();
  return {
    async count(key) {
      try {
        await limiter.consume(key);
      } catch (refusal) {
        throw refusal instanceof RateLimiterRes ? tooMany(refusal) : refusal;
      }
    },
    async check(key) {
      const state = await limiter.get(key);
      if (state && state.consumedPoints >= perMinute) throw tooMany(state);
    },
    async giveBack(key) {
      await limiter.reward(key);
    },
    async guard(key, work) {
      for (;;) {
        const state = await limiter.get(key);
        if (state && state.consumedPoints >= perMinute) throw tooMany(state);
        if ((state?.consumedPoints ?? 0) + (underWay.get(key) ?? 0) < perMinute) break;
        await pause(AGAIN_MS);
      }
      underWay.set(key, (underWay.get(key) ?? 0) + 1);
      let counts = false;
      try {
        counts = !(await work());
        return !counts;
      } finally {
        if (counts) await limiter.consume(key).catch(() => undefined);
        const left = (underWay.get(key) ?? 0) - 1;
        if (left > 0) underWay.set(key, left);
        else underWay.delete(key);
      }
    },
  };
}

function tooMany({ msBeforeNext }: RateLimiterRes): HttpError {
  const seconds = Math.max(1, Math.ceil(msBeforeNext / 1000));
  return new HttpError({
    status: 429,
    code: 'too_many_requests',
    message: `Too many attempts. Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`,
    headers: { 'Retry-After': String(seconds) },
  });
}
