import type { Look } from './versions.ts';

/** What one statement read, together with the version (table `versions`) that it saw. */
export interface Reading<T> {
  version: string;
  content: T;
}

/**
 * A copy in memory of what the database holds, for what has to go on without it. It is replaced as a whole, by what
 * was read later, and by nothing else: a read that fails, or that another has overtaken, changes nothing.
 */
export interface KeptCopy<T> extends Followed {
  readonly content: T;
}

export interface Followed {
  /** When the database last confirmed it, in milliseconds of `performance.now()`: a clock that nobody sets. */
  readonly confirmedAt: number;
  /** Reads anew unless a look at the versions says that this is how it stands. */
  follow(look: Look): Promise<void>;
  reload(): Promise<void>;
}

/** Reads it for the first time. */
export async function keepCopy<T>(read: () => Promise<Reading<T>>): Promise<KeptCopy<T>> {
  let confirmedAt = performance.now();
  let held = await read();
  let heldSince = performance.now();
  let doubted = false;

  const reload = async () => {
    const began = performance.now();
    const reading = await read();
    // Of two reads at once, either may have seen the later state. A lower version that was read afterwards is the
    // truth all the same: commits were lost in a failover, or a backup was restored.
    if (BigInt(reading.version) <= BigInt(held.version) && began < heldSince) return;
    held = reading;
    heldSince = performance.now();
    confirmedAt = began;
    doubted = false;
  };

  return {
    get content() {
      return held.content;
    },
    get confirmedAt() {
      return confirmedAt;
    },
    reload,
    async follow({ version, began, afterFailure }) {
      // A database that was away may have come back without its last commits, and counted on from there.
      doubted ||= afterFailure;
      if (doubted || version !== held.version) return reload();
      confirmedAt = Math.max(confirmedAt, began);
      return undefined;
    },
  };
}
