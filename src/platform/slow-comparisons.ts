import { AsyncLocalStorage } from 'node:async_hooks';

/** Decides whether a comparison of a guessable secret may begin, and learns its result. */
export type ComparisonGuard = (compare: () => Promise<boolean>) => Promise<boolean>;

const guards = new AsyncLocalStorage<ComparisonGuard>();

/**
 * Runs `work` with a guard. The guard sits at the edge, which knows the address, and acts deep inside, when the turn of
 * a comparison has come: whatever waits together has not failed yet.
 */
export function guardComparisons<T>(guard: ComparisonGuard, work: () => T): T {
  return guards.run(guard, work);
}

/** Compares under the guard of the current request, if it has one. */
export function compareGuarded(compare: () => Promise<boolean>): Promise<boolean> {
  const guard = guards.getStore();
  return guard ? guard(compare) : compare();
}
