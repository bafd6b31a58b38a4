import { LRUCache } from 'lru-cache';

/**
 * The values of the `max` keys that were used last, each for `ttlMs` at most. The library is told sizes, not a number:
 * a number makes it take the memory of all `max` keys at once.
 */
export function createRecent<Value extends {}>({
  max,
  ttlMs = 0,
}: {
  max: number;
  ttlMs?: number;
}): LRUCache<string, Value> {
  return new LRUCache({ maxSize: max, sizeCalculation: () => 1, ttl: ttlMs });
}
