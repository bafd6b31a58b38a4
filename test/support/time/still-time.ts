import { jest } from '@jest/globals';

export interface StillTime {
  /** Seconds since the epoch, the unit of JWTs. */
  now(): number;
  forward(seconds: number): void;
}

/** Everything that fake timers could replace, except the date: sockets and servers keep working. */
const RUNNING = [
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;

/** Runs `work` while the date stands still. Only `forward` moves it. */
export async function withStillTime<T>(work: (time: StillTime) => Promise<T>): Promise<T> {
  jest.useFakeTimers({ now: Math.floor(Date.now() / 1000) * 1000, doNotFake: [...RUNNING] });
  try {
    return await work({
      now: () => Math.floor(Date.now() / 1000),
      forward: (seconds) => jest.setSystemTime(Date.now() + seconds * 1000),
    });
  } finally {
    jest.useRealTimers();
  }
}
