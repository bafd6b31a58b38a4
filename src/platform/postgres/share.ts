import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * On whose behalf the database is asked: an endpoint, of whose requests no more than half of a pool's connections may
 * be in use, and one request, which waits for the database no longer than so long in all.
 */
export interface Share {
  /** The endpoint's name. */
  endpoint: string;
  /** How long this request has waited for connections and answers so far. */
  waitedMs: number;
}

const shares = new AsyncLocalStorage<Share>();

/** Runs `work`, and all that it waits for, as one request of `endpoint`. */
export function withinShare<T>(endpoint: string, work: () => T): T {
  return shares.run({ endpoint, waitedMs: 0 }, work);
}

/** The request being served; undefined outside of any: at the start, in a job, in a command. */
export function currentShare(): Share | undefined {
  return shares.getStore();
}
