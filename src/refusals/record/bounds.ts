import type { Bound } from '../../platform/places.ts';

/**
 * How much is kept of what anybody can cause. In memory, rates bound what is written: what a client proved to have sent
 * has its own, and so has each reason, network and client of the others. In the table, numbers of rows bound what stays.
 */

/** The rows that one client proved, and as many others in its name. */
export const MOST_OF_LANE = 200;
/** The rows of clients that are not registered, together, for each service. */
export const MOST_OF_UNKNOWN = 1000;
/** The rows of the table. */
export const MOST_OF_ALL = 100_000;

/** How many rows wait in memory to be written, and how many of them one statement writes. */
export const MOST_QUEUED = 1000;
export const MOST_AT_ONCE = 200;

/** For each process, by the first word of the name that is counted. */
export const RATES = {
  /** One for what clients proved, one for the rest. */
  all: { atOnce: 1000, perMinute: 1500 },
  /** The address of requests that no client proved, or its network. */
  network: { atOnce: 600, perMinute: 120 },
  client: { atOnce: 200, perMinute: 60 },
  /** One of a client's reasons, so that a frequent one leaves room for the others. */
  reason: { atOnce: 60, perMinute: 30 },
  /** An address or network in the name of one client that it did not prove. The other half is for all others. */
  sender: { atOnce: 100, perMinute: 30 },
  sender_reason: { atOnce: 30, perMinute: 15 },
} as const satisfies Record<string, Bound>;

/** Why a refusal is not recorded. */
export type DropCause = keyof typeof RATES | 'queue' | 'database';
