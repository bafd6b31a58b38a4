import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createRecent } from '../../platform/copies/recent.ts';
import { HttpError } from '../../platform/errors.ts';
import type { Bucket, GuessStore } from './guess-store.ts';

/**
 * Lets people guess, up to a limit of failures a minute in each bucket. A guess that is under way takes a place until
 * it is judged, and a right one gives it back. So right guesses never count, and guesses that are sent together are no
 * cheaper than one after another.
 */
export interface Guesses {
  /**
   * Judges a guess. `turn` runs it when there is time for it.
   * @throws HttpError 429 when a bucket is full of failures; the refused guess does not count. 503 when others are
   * under way for too long.
   */
  judge<T>(guess: Guess<T>): Promise<T>;
}

interface Guess<T> {
  buckets: readonly Bucket[];
  evaluate(): Promise<T>;
  isRight(result: T): boolean;
  turn?<R>(work: () => Promise<R>): Promise<R>;
  /** Hears that a bucket is full, when this process first finds it so. */
  onFull?(bucket: Bucket | undefined): Promise<void>;
}

/** Guesses under way may all be right, so a guess that finds no room among them comes again. */
const AGAIN_MS = 100;
const MOST_TRIES = 50;

export function createGuesses(store: GuessStore): Guesses {
  const refusals = createRefusals();

  /** Undefined when there is no room now, since others are under way. */
  const attempt = async <T>({
    buckets,
    evaluate,
    isRight,
    onFull,
  }: Guess<T>): Promise<{ result: T } | undefined> => {
    refusals.check(buckets);
    const guess = randomUUID();
    const begun = await store.begin(guess, buckets);
    if (begun.length < buckets.length) {
      if (begun.length > 0) await store.release(guess, begun);
      const refusal = await store.refusal(buckets);
      if (refusal) {
        const refused = refusals.add(buckets, refusal);
        await onFull?.(buckets.find(({ name }) => name === refusal.name));
        throw refused;
      }
      return undefined;
    }
    let right = true;
    try {
      const result = await evaluate();
      right = isRight(result);
      return { result };
    } finally {
      if (right) await store.release(guess, begun);
      else await store.fail(guess, buckets);
    }
  };

  const judge = async <T>(guess: Guess<T>): Promise<T> => {
    const { turn = (work) => work() } = guess;
    // A refused guess takes no place in the queue of hashes.
    refusals.check(guess.buckets);
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const judged = await turn(() => attempt(guess));
      if (judged) return judged.result;
      await pause(AGAIN_MS);
    }
    throw new HttpError({
      status: 503,
      code: 'temporarily_unavailable',
      message: 'Too many attempts are being checked at the moment. Try again in 5 seconds.',
      headers: { 'Retry-After': '5' },
    });
  };

  return { judge };
}

/** With a limit of 0. */
export const UNLIMITED_GUESSES: Guesses = {
  judge: ({ evaluate, turn = (work) => work() }) => turn(evaluate),
};

/** Remembers the buckets that are full, so that what is refused costs the database nothing. Failures only end by time. */
function createRefusals() {
  const until = createRecent<number>({ max: 20_000, ttlMs: 60_000 });
  const keyOf = ({ name, counts = '' }: Bucket) => `${name} ${counts}`;
  return {
    check(buckets: readonly Bucket[]): void {
      const latest = Math.max(...buckets.map((bucket) => until.get(keyOf(bucket)) ?? 0));
      if (latest > performance.now()) throw tooMany((latest - performance.now()) / 1000);
    },
    add(buckets: readonly Bucket[], { name, seconds }: { name: string; seconds: number }): HttpError {
      const full = buckets.find((bucket) => bucket.name === name);
      if (full) until.set(keyOf(full), performance.now() + seconds * 1000);
      return tooMany(seconds);
    },
  };
}

function tooMany(inSeconds: number): HttpError {
  const seconds = Math.max(1, Math.ceil(inSeconds));
  return new HttpError({
    status: 429,
    code: 'too_many_requests',
    message: `Too many attempts. Try again in ${inWords(seconds)}.`,
    headers: { 'Retry-After': String(seconds) },
  });
}

function inWords(seconds: number): string {
  const [number, unit] =
    seconds <= 120
      ? [seconds, 'second']
      : seconds <= 2 * 60 * 60
        ? [Math.ceil(seconds / 60), 'minute']
        : [Math.ceil(seconds / 3600), 'hour'];
  return `${number} ${unit}${number === 1 ? '' : 's'}`;
}
