import { DEFAULT_REPLAY_WINDOW_SECONDS } from '../../src/clients/client.ts';
import type { Entry } from './ledger.ts';

/** When something ended: possibly since the first attempt (`from`), certainly since the first answer (`by`). */
export interface End {
  from: number;
  by: number;
}

/** The conclusions from all entries of a ledger. */
export interface Reading {
  /** By grant, or by the fingerprint of a token that was revoked alone. */
  ends: ReadonlyMap<string, End>;
  /** All entries that presented a code or refresh token, in the order of sending. */
  presentations: ReadonlyMap<string, readonly Entry[]>;
  /**
   * Grants that were lost to a late request. A client stopped waiting for a request and sent it again; the first one
   * ran when its code or refresh token had been used. That ends the grant: the documented price of using it twice.
   */
  lostToOwnRetry: ReadonlySet<string>;
}

/**
 * A confidential client's replay window. It begins with the rotation, so never before the token was first presented.
 */
export const REPLAY_WINDOW_MS = DEFAULT_REPLAY_WINDOW_SECONDS.confidential * 1000;

const NEVER = Number.POSITIVE_INFINITY;
/** How long a server may still work on a request whose client stopped waiting, on an idle machine. */
export const UNDER_WAY_MS = 25_000;

/** `pace`: how many times slower the machine was than an idle one. */
export function readEntries(entries: readonly Entry[], pace = 1): Reading {
  const presentations = presentationsOf(entries);
  const ends = new Map<string, End>();
  const end = (id: string, from: number, by: number) => {
    const known = ends.get(id) ?? { from: NEVER, by: NEVER };
    ends.set(id, { from: Math.min(known.from, from), by: Math.min(known.by, by) });
  };
  for (const entry of entries) noteEnd(entry, presentations, end);
  const lostToOwnRetry = new Set<string>();
  const givenUp = [...givenUpExchanges(presentations), ...givenUpRefreshes(presentations)];
  for (const { entry, since } of unexplained(entries, { givenUp, ends, underWayMs: UNDER_WAY_MS * pace })) {
    end(entry.grant ?? '', since, entry.endedAt);
    lostToOwnRetry.add(entry.grant ?? '');
  }
  return { ends, presentations, lostToOwnRetry };
}

/** The operations that use a sign-in. LiSTNR tokens outlive it, as documented. */
export function usesGrant({ operation }: Entry): boolean {
  return ['refresh', 'userinfo', 'introspection'].includes(operation);
}

function presentationsOf(entries: readonly Entry[]): Map<string, Entry[]> {
  const once = entries.filter(({ operation }) => operation === 'exchange' || operation === 'refresh');
  const presentations = Map.groupBy(once, ({ presented = '' }) => presented);
  for (const list of presentations.values()) list.sort((a, b) => a.startedAt - b.startedAt);
  return presentations;
}

function noteEnd(
  { grant, operation, presented = '', startedAt, endedAt, outcome, misuse, ends }: Entry,
  presentations: ReadonlyMap<string, readonly Entry[]>,
  end: (id: string, from: number, by: number) => void,
): void {
  const asked = [...(ends?.grants ?? []), ...(ends?.token ? [ends.token] : [])];
  for (const id of asked) end(id, startedAt, outcome === 'ok' ? endedAt : NEVER);
  if (!grant) return;
  if (operation === 'refresh' && misuse) end(grant, startedAt, outcome === 'refused' ? endedAt : NEVER);
  // RFC 6749 section 4.1.2: the second use of a code revokes the tokens of the first, whichever was sent first.
  const again = operation === 'exchange' && presentations.get(presented)?.[1];
  if (again && outcome === 'refused') end(grant, again.startedAt, endedAt);
  // A retry after the window is reuse and ends the sign-in. The client learns only that it was refused.
  const [first] = presentations.get(presented) ?? [];
  const outlived = operation === 'refresh' && first ? first.startedAt + REPLAY_WINDOW_MS : NEVER;
  if (!misuse && outcome === 'refused' && outlived < endedAt) end(grant, outlived, endedAt);
}

/** A request without an answer. The server may have carried it out when its code or token was no longer good. */
interface GivenUp {
  grant: string;
  /** The first moment at which it may have ended the sign-in. */
  since: number;
  endedAt: number;
}

/**
 * Finds refused sign-ins that nobody ended, but for which a given-up request may still have been under way. A sign-in
 * that worked long afterwards was not ended by it.
 */
function unexplained(
  entries: readonly Entry[],
  { givenUp, ends, underWayMs }: { givenUp: GivenUp[]; ends: ReadonlyMap<string, End>; underWayMs: number },
): { entry: Entry; since: number }[] {
  const suspects = Map.groupBy(givenUp, ({ grant }) => grant);
  const uses = entries.filter(
    (entry) => usesGrant(entry) && !entry.misuse && suspects.has(entry.grant ?? ''),
  );
  const lastOk = new Map<string, number>();
  for (const { grant = '', outcome, startedAt } of uses)
    if (outcome === 'ok') lastOk.set(grant, Math.max(startedAt, lastOk.get(grant) ?? 0));
  return uses.flatMap((entry) => {
    const { grant = '', presented = '', outcome, endedAt } = entry;
    const explained = [grant, presented].some((id) => (ends.get(id)?.from ?? NEVER) < endedAt);
    if (outcome !== 'refused' || explained) return [];
    const suspect = suspects.get(grant)?.find((of) => {
      const over = of.endedAt + underWayMs;
      return of.since < endedAt && of.since <= over && (lastOk.get(grant) ?? 0) <= over;
    });
    return suspect ? [{ entry, since: suspect.since }] : [];
  });
}

/** Exchanges that were sent again. Since then, the code may have been used twice. */
function givenUpExchanges(presentations: ReadonlyMap<string, readonly Entry[]>): GivenUp[] {
  return [...presentations.values()].flatMap((list) => {
    const at = list.findIndex(({ operation, outcome }) => operation === 'exchange' && outcome === 'silence');
    const [silent, again] = [list[at], list[at + 1]];
    return silent?.grant && again
      ? [{ grant: silent.grant, since: again.startedAt, endedAt: silent.endedAt }]
      : [];
  });
}

/**
 * Refreshes that were sent again. They are reuse when the window is over, or when the retry's successor has been
 * used.
 */
function givenUpRefreshes(presentations: ReadonlyMap<string, readonly Entry[]>): GivenUp[] {
  return [...presentations.values()].flatMap((list) => {
    const [first] = list;
    const successor = list.find(({ given }) => given)?.given?.refreshToken ?? '';
    const used = presentations.get(successor)?.find(({ outcome }) => outcome !== 'refused');
    const silent = list.filter(({ operation, outcome }) => operation === 'refresh' && outcome === 'silence');
    return silent.map(({ grant = '', startedAt, endedAt }) => {
      const over = Math.min(used?.startedAt ?? NEVER, (first?.startedAt ?? 0) + REPLAY_WINDOW_MS);
      return { grant, since: Math.max(startedAt, over), endedAt };
    });
  });
}
