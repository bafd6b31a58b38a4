import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * One request, which waits for the database for a limited time in all, and its endpoint, whose requests use at most
 * half of a pool's connections.
 */
export interface Share {
  endpoint: string;
  /** How long this request has waited for connections and answers. */
  readonly waited: Stopwatch;
  /** True when its time ran out. `waited` may not show it yet, since timers can fire a little early. */
  spent: boolean;
}

/** Measures how long at least one thing is under way. Parallel things count once. */
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

/** Runs `work` and all that it awaits as one request of `endpoint`. */
export function withinShare<T>(endpoint: string, work: () => T): T {
  return shares.run({ endpoint, waited: new Stopwatch(), spent: false }, work);
}

/** The current request; undefined at the start, in a job and in a command. */
export function currentShare(): Share | undefined {
  return shares.getStore();
}

/** Counts the connections of one pool that each endpoint uses. `most` is the limit for each. */
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
