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
  /** Forgets all events of a key. */
  forget(key: string): Promise<void>;
}

const NO_LIMIT: RateLimit = {
  count: async () => {},
  check: async () => {},
  giveBack: async () => {},
  forget: async () => {},
};

export function createRateLimit(perMinute: number): RateLimit {
  if (perMinute === 0) return NO_LIMIT;
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
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
    async forget(key) {
      await limiter.delete(key);
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
