import { createRecent } from '../../platform/copies/recent.ts';
import type { OutboundFetch } from '../../platform/network/outbound-fetch.ts';
import { type KeySet, readKeySet } from './read-key-set.ts';

/** The keys of clients that publish them (`jwks_uri`, RFC 7591 section 2). */
export interface PublishedKeys {
  /** @throws KeysUnavailable when there are none, or they are too old. */
  at(address: string): Promise<KeySet>;
  /** The set of this moment, where it is not `known`; undefined where it is, or was just fetched. */
  newerThan(known: KeySet, address: string): Promise<KeySet | undefined>;
}

/** The keys of an address cannot be had. The message says why, for the log. */
export class KeysUnavailable extends Error {
  constructor(cause: unknown) {
    super(String((cause as Error).message), { cause });
    this.name = 'KeysUnavailable';
  }
}

/** The least recently used ones go first. Only registrations name addresses. */
const MOST_ADDRESSES = 1000;
const SECOND = 1000;
const TIMEOUT_MS = 5 * SECOND;
/** How long an answer is used that does not say so itself, and the bounds for one that does. */
const FRESH = { usual: 600 * SECOND, least: 60 * SECOND, most: 3600 * SECOND };
/** How long keys are used while their address does not answer. After that, a withdrawn key could still be among them. */
const KEPT_MS = 24 * 3600 * SECOND;
/** An unknown key causes a fetch at most this often, because anybody can name one. */
const COOLDOWN_MS = 30 * SECOND;
/** After each failure in a row, the pause doubles. */
const PAUSE = { first: 5 * SECOND, longest: 300 * SECOND };

/** The state of one address. Times are of the process's own stopwatch. */
interface Known {
  answer?: { set: KeySet; fetchedAt: number; freshUntil: number };
  failure?: { error: KeysUnavailable; inARow: number; pauseUntil: number };
  askedAt: number;
  underWay?: Promise<KeySet>;
}

/**
 * Fetches keys when they are first needed, when they are not fresh any more, and once when one is missing. At most one
 * fetch of an address is under way, and everybody who needs its keys waits for that one.
 */
export function createPublishedKeys({
  fetch: fetchKeys,
  now = () => performance.now(),
}: {
  fetch: OutboundFetch;
  /** In milliseconds. */
  now?: () => number;
}): PublishedKeys {
  const addresses = createRecent<Known>({ max: MOST_ADDRESSES });

  const knownOf = (address: string): Known => {
    const known = addresses.get(address) ?? { askedAt: Number.NEGATIVE_INFINITY };
    addresses.set(address, known);
    return known;
  };

  const ask = async (address: string, known: Known): Promise<KeySet> => {
    known.askedAt = now();
    try {
      const { set, freshMs } = await fetchSet(address, fetchKeys);
      known.answer = { set, fetchedAt: now(), freshUntil: now() + freshMs };
      delete known.failure;
      return set;
    } catch (cause) {
      const inARow = (known.failure?.inARow ?? 0) + 1;
      const pause = Math.min(PAUSE.first * 2 ** (inARow - 1), PAUSE.longest);
      const error = new KeysUnavailable(cause);
      known.failure = { error, inARow, pauseUntil: now() + pause };
      throw error;
    } finally {
      delete known.underWay;
    }
  };

  /** @throws KeysUnavailable after a failure, also during the pause that follows it. */
  const renew = async (address: string, known: Known): Promise<KeySet> => {
    if (known.underWay) return known.underWay;
    if (known.failure && known.failure.pauseUntil > now()) throw known.failure.error;
    known.underWay = ask(address, known);
    return known.underWay;
  };

  return {
    async at(address) {
      const known = knownOf(address);
      const { answer } = known;
      if (answer && answer.freshUntil > now()) return answer.set;
      try {
        return await renew(address, known);
      } catch (error) {
        if (answer && answer.fetchedAt + KEPT_MS > now()) return answer.set;
        throw error;
      }
    },

    async newerThan(set, address) {
      const known = knownOf(address);
      if (known.answer && known.answer.set !== set) return known.answer.set;
      if (!known.underWay && known.askedAt + COOLDOWN_MS > now()) return undefined;
      return renew(address, known).catch(() => undefined);
    },
  };
}

async function fetchSet(
  address: string,
  fetchKeys: OutboundFetch,
): Promise<{ set: KeySet; freshMs: number }> {
  const answer = await fetchKeys(address, {
    headers: { accept: 'application/jwk-set+json, application/json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (answer.status !== 200) throw new Error(`the answer has the status ${answer.status}`);
  return { set: readKeySet(await answer.text()), freshMs: freshFor(answer.headers.get('cache-control')) };
}

/** RFC 9111 section 5.2.2, within our bounds. */
function freshFor(cacheControl: string | null): number {
  if (cacheControl === null) return FRESH.usual;
  if (/(?:^|[\s,])no-(?:store|cache)\b/i.test(cacheControl)) return FRESH.least;
  const [, seconds] = /(?:^|[\s,])max-age="?(\d{1,10})/i.exec(cacheControl) ?? [];
  if (seconds === undefined) return FRESH.usual;
  return Math.min(Math.max(Number(seconds) * SECOND, FRESH.least), FRESH.most);
}
