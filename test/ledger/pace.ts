import type { Entry } from './ledger.ts';

/** The longest time of an answer on an idle machine while every client signs somebody in. */
const UNDISTURBED_MS = 2000;

/** The pace before any measurement: that of the slowest machine for which a run is meant. */
export const UNKNOWN_PACE = 20;

/**
 * How many times slower the machine is than an idle one, at least 1, measured by its answers while nothing was
 * broken. All time limits grow with it: 10 s are a long time for an answer, but not on a machine whose processor is
 * busy elsewhere nine times out of ten. It is a whole number, as timers need.
 */
export function paceOf(undisturbed: readonly Entry[]): number {
  const longest = Math.max(0, ...undisturbed.map(({ startedAt, endedAt }) => endedAt - startedAt));
  return Math.max(1, Math.ceil(longest / UNDISTURBED_MS));
}
