import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * On whose behalf the database is asked: an endpoint, of whose requests no more than half of a pool's connections may
 * be in use, and one request, which waits for the database no longer than so long in all.
 */
export interface Share {
  /** The endpoint's name. */
  endpoint: string;
  /** For how long this request has waited for connections and answers. */
  readonly waited: Stopwatch;
  /** Its time ran out: a timer may ring a little early by this clock. */
  spent: boolean;
}

/** Measures for how long at least one thing is under way: what goes on at the same time counts once. */
export class Stopwatch {
  #underWay = 0;
  #since = 0;
  #before = 0;

  get ms(): number {
    return this.#before + (this.#underWay > 0 ? performance.now() - this.#since : 0);
  }

  start(): void {
    if (this.#underWay === 0) this.#since = performance.now();
    this.#underWay += 1;
  }

  stop(): void {
    this.#before = this.ms;
    this.#since = performance.now();
    this.#underWay -= 1;
  }
}

const shares = new AsyncLocalStorage<Share>();

/** Runs `work`, and all that it waits for, as one request of `endpoint`. */
export function withinShare<T>(endpoint: string, work: () => T): T {
  return shares.run({ endpoint, waited: new Stopwatch(), spent: false }, work);
}

/** The request being served; undefined outside of any: at the start, in a job, in a command. */
export function currentShare(): Share | undefined {
  return shares.getStore();
}

/** How many connections of one pool each endpoint uses; `most` is what it may. */
export class EndpointUse {
  readonly #most: number;
  readonly #used = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  isFull({ endpoint }: Share): boolean {
    return (this.#used.get(endpoint) ?? 0) >= this.#most;
  }

  begin({ endpoint, waited }: Share): void {
    waited.start();
    this.#used.set(endpoint, (this.#used.get(endpoint) ?? 0) + 1);
  }

  end({ endpoint, waited }: Share): void {
    waited.stop();
    const others = (this.#used.get(endpoint) ?? 1) - 1;
    if (others > 0) this.#used.set(endpoint, others);
    else this.#used.delete(endpoint);
  }
}
