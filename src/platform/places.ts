import { createRecent } from './copies/recent.ts';

/** So many places at once, and so many a minute from then on. */
export interface Bound {
  atOnce: number;
  perMinute: number;
}

const MOST_REMEMBERED = 20_000;
const FORGOTTEN_AFTER_MS = 15 * 60_000;

/**
 * Takes a place in each named bucket, if all have one. Otherwise it takes none, and returns the name of the first bucket
 * that is empty. Places come back with time. Buckets that nobody asked for lately are forgotten, and so full again.
 */
export function createPlaces(
  boundOf: (name: string) => Bound,
): (names: readonly string[]) => string | undefined {
  const buckets = createRecent<{ places: number; since: number }>({
    max: MOST_REMEMBERED,
    ttlMs: FORGOTTEN_AFTER_MS,
  });
  return (names) => {
    const now = performance.now() / 60_000;
    const found = names.map((name) => {
      const { atOnce, perMinute } = boundOf(name);
      const { places, since } = buckets.get(name) ?? { places: atOnce, since: now };
      return { name, places: Math.min(atOnce, places + (now - since) * perMinute) };
    });
    const empty = found.find(({ places }) => places < 1);
    for (const { name, places } of found)
      buckets.set(name, { places: empty ? places : places - 1, since: now });
    return empty?.name;
  };
}
