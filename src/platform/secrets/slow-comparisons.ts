import { AsyncLocalStorage } from 'node:async_hooks';

/** Decides whether a comparison of a guessable secret may begin, and learns its result. */
export type ComparisonGuard = (compare: () => Promise<boolean>) => Promise<boolean>;

interface Guarded {
  /** In which lane of the queue the request's comparisons wait (hash-queue.ts). */
  lane: string;
  guard: ComparisonGuard;
}

const requests = new AsyncLocalStorage<Guarded>();

/**
 * Runs `work` with a guard and a lane. Both sit at the edge, which knows the address, and act deep inside, when the turn
 * of a comparison has come: whatever waits together has not failed yet.
 */
export function guardComparisons<T>(guarded: Guarded, work: () => T): T {
  return requests.run(guarded, work);
}

/** Compares under the guard of the current request, if it has one. */
export function compareGuarded(compare: () => Promise<boolean>): Promise<boolean> {
  const guarded = requests.getStore();
  return guarded ? guarded.guard(compare) : compare();
}

/** The lane of the current request. Names that somebody makes up must not each get one. */
export function comparisonLane(): string {
  return requests.getStore()?.lane ?? '';
}
