import { setTimeout as pause } from 'node:timers/promises';
import type { HttpError } from '../../platform/errors.ts';
import type { Reason } from '../../refusals/reasons.ts';
import { refusedRequest } from '../../refusals/refused-request.ts';

/** Counts events by key over one minute, in this process's memory. */
export interface RateLimit {
  /** Counts an event. @throws HttpError 429 with Retry-After when the count exceeds the limit. */
  count(key: string): void;
  /** Counts an event, and refuses nothing. */
  note(key: string): void;
  /** Does not count. @throws HttpError 429 when the limit is already reached. */
  check(key: string): void;
  /** Takes one event back. */
  giveBack(key: string): void;
  /**
   * Runs `work`, which counts if it is false. Work under way takes a place until it ends.
   * @throws HttpError 429 when the limit is reached, by counted events alone.
   */
  guard(key: string, work: () => Promise<boolean>): Promise<boolean>;
}

interface Minute {
  events: number;
  /** When it ends, in milliseconds of `performance.now`. */
  end: number;
}

const MINUTE_MS = 60_000;
/** The work under way may all be right, so more of it looks again. */
const AGAIN_MS = 50;

const NO_LIMIT: RateLimit = {
  count() {},
  note() {},
  check() {},
  giveBack() {},
  guard: (_key, work) => work(),
};

/** `reason`: which limit a refusal tells of. */
export function createRateLimit(perMinute: number, reason: Reason = 'limit.requests'): RateLimit {
  if (perMinute === 0) return NO_LIMIT;
  const minutes = createMinutes();
  const underWay = new Map<string, number>();
  const check = (key: string) => {
    const minute = minutes.find(key);
    if (minute && minute.events >= perMinute) throw tooMany(minute, { perMinute, reason });
    return minute?.events ?? 0;
  };
  return {
    count(key) {
      const minute = minutes.add(key);
      if (minute.events > perMinute) throw tooMany(minute, { perMinute, reason });
    },
    note: minutes.add,
    check,
    giveBack(key) {
      const minute = minutes.find(key);
      if (minute) minute.events -= 1;
    },
    async guard(key, work) {
      while (check(key) + (underWay.get(key) ?? 0) >= perMinute) await pause(AGAIN_MS);
      underWay.set(key, (underWay.get(key) ?? 0) + 1);
      let counts = false;
      try {
        counts = !(await work());
        return !counts;
      } finally {
        if (counts) minutes.add(key);
        const left = (underWay.get(key) ?? 0) - 1;
        if (left > 0) underWay.set(key, left);
        else underWay.delete(key);
      }
    },
  };
}

/** The minutes under way: that of a key begins with its first event. */
function createMinutes(): { find(key: string): Minute | undefined; add(key: string): Minute } {
  // All last equally long, so the first ones end first.
  const minutes = new Map<string, Minute>();
  const dropEnded = (now: number) => {
    for (const [key, { end }] of minutes) {
      if (end > now) return;
      minutes.delete(key);
    }
  };
  return {
    find(key) {
      const minute = minutes.get(key);
      return minute && minute.end > performance.now() ? minute : undefined;
    },
    add(key) {
      const now = performance.now();
      dropEnded(now);
      const known = minutes.get(key);
      const minute = known ?? { events: 0, end: now + MINUTE_MS };
      minute.events += 1;
      if (!known) minutes.set(key, minute);
      return minute;
    },
  };
}

function tooMany({ end }: Minute, { perMinute, reason }: { perMinute: number; reason: Reason }): HttpError {
  const seconds = Math.max(1, Math.ceil((end - performance.now()) / 1000));
  return refusedRequest({
    status: 429,
    code: 'too_many_requests',
    message: `Too many attempts. Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`,
    headers: { 'Retry-After': String(seconds) },
    why: { reason, expected: { per_minute: `at most ${perMinute}` } },
  });
}
