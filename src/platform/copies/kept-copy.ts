import type { Look } from './versions.ts';

/** The result of one statement, with the version (table `versions`) that the statement saw. */
export interface Reading<T> {
  version: string;
  content: T;
}

/**
 * A copy in memory of database content, for work that must go on without the database. Only a later read replaces the
 * copy, and always as a whole. A read that fails or is overtaken changes nothing.
 */
export interface KeptCopy<T> extends Followed {
  readonly content: T;
}

export interface Followed {
  /** When the database last confirmed the copy, in milliseconds of `performance.now()`: a clock that nobody sets. */
  readonly confirmedAt: number;
  /** Reads again, unless the look at the versions shows that the copy is current. */
  follow(look: Look): Promise<void>;
  reload(): Promise<void>;
}

/** Reads the copy for the first time. */
export async function keepCopy<T>(read: () => Promise<Reading<T>>): Promise<KeptCopy<T>> {
  let confirmedAt = performance.now();
  let held = await read();
  let heldSince = performance.now();
  let doubted = false;

  const reload = async () => {
    const began = performance.now();
    const reading = await read();
    // If two reads overlap, either may have seen the later state, so the higher version wins. A lower version that a
    // later read returns is true all the same: a failover lost commits, or a backup was restored.
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
      // After an outage the database may have lost its last commits and reached the same version with other content.
      doubted ||= afterFailure;
      if (doubted || version !== held.version) return reload();
      confirmedAt = Math.max(confirmedAt, began);
      return undefined;
    },
  };
}
