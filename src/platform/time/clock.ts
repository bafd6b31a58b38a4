/**
 * The current time. Code whose decisions depend on the time takes a clock as an argument, so that a test can stop it.
 */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** Whole seconds since the epoch: the unit of JWT and cookie lifetimes. */
export function toEpochSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

/** The same of the current time. */
export function epochSeconds(clock: Clock): number {
  return toEpochSeconds(clock.now());
}

/** The moment that is `seconds` later than now. */
export function secondsFromNow(clock: Clock, seconds: number): Date {
  return new Date(clock.now().getTime() + seconds * 1000);
}
