import type { Entry } from './ledger.ts';

/** The longest that an answer takes where the machine does nothing else, with every client signing somebody in at once. */
const UNDISTURBED_MS = 2000;

/** Before anything was measured: that of the slowest machine which a run is for. */
export const UNKNOWN_PACE = 20;

/**
 * How many times slower the machine is than one that does nothing else, at least 1, by what it answered while nothing
 * was broken. Whatever waits is as patient as that: 10 s are long for an answer, and not where the processor is
 * somebody else's nine times of ten. A whole number, as timers want.
 */
export function paceOf(undisturbed: readonly Entry[]): number {
  const longest = Math.max(0, ...undisturbed.map(({ startedAt, endedAt }) => endedAt - startedAt));
  return Math.max(1, Math.ceil(longest / UNDISTURBED_MS));
}
