const FIRST_SECONDS = 10;
const LONGEST_SECONDS = 60 * 60;

/** How long after the failed attempt `attempt` the next one comes: twice as long each time, an hour at most. */
export function pauseSecondsAfter(attempt: number): number {
  return Math.min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** (attempt - 1));
}
