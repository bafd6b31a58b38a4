import type { Entry } from './ledger.ts';

/** When something ended: it may have from the first attempt on, and has for certain once one was answered. */
export interface End {
  from: number;
  by: number;
}

/** What the entries of a ledger say together. */
export interface Reading {
  /** By grant, and by the fingerprint of a token that was revoked alone. */
  ends: ReadonlyMap<string, End>;
  /** All that presented a code or refresh token, in the order of sending. */
  presentations: ReadonlyMap<string, readonly Entry[]>;
  /**
   * Grants that were answered and are gone because an earlier exchange of the same code, whose client had stopped
   * waiting, came to its turn as the second one: the documented price of using a code twice.
   */
  lostToOwnRetry: ReadonlySet<string>;
}

const NEVER = Number.POSITIVE_INFINITY;
/** How long a server may be busy with a request: it waits 5 s for a connection, and 15 s for a statement. */
const UNDER_WAY_MS = 25_000;

export function readEntries(entries: readonly Entry[]): Reading {
  const presentations = presentationsOf(entries);
  const ends = new Map<string, End>();
  const end = (id: string, from: number, by: number) => {
    const known = ends.get(id) ?? { from: NEVER, by: NEVER };
    ends.set(id, { from: Math.min(known.from, from), by: Math.min(known.by, by) });
  };
  for (const entry of entries) noteEnd(entry, presentations, end);
  const lostToOwnRetry = new Set<string>();
  for (const { entry, since } of unexplained(entries, presentations, ends)) {
    end(entry.grant ?? '', since, entry.endedAt);
    lostToOwnRetry.add(entry.grant ?? '');
  }
  return { ends, presentations, lostToOwnRetry };
}

/** Everything that counts as using a sign-in; LiSTNR tokens outlive it, as documented. */
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
  // RFC 6749 section 4.1.2: the second use of a code revokes what the first gave, whichever was sent first.
  const again = operation === 'exchange' && presentations.get(presented)?.[1];
  if (again && outcome === 'refused') end(grant, again.startedAt, endedAt);
}

/**
 * Refusals of sign-ins that nobody ended, but of which an exchange may still have been under way when its client
 * gave it up. What worked long afterwards was not ended by it.
 */
function unexplained(
  entries: readonly Entry[],
  presentations: ReadonlyMap<string, readonly Entry[]>,
  ends: ReadonlyMap<string, End>,
): { entry: Entry; since: number }[] {
  const givenUp = givenUpExchanges(presentations);
  const uses = entries.filter((entry) => usesGrant(entry) && !entry.misuse && givenUp.has(entry.grant ?? ''));
  for (const { grant = '', outcome, startedAt } of uses)
    if (outcome === 'ok' && startedAt > (givenUp.get(grant) ?? 0) + UNDER_WAY_MS) givenUp.delete(grant);
  return uses.flatMap((entry) => {
    const { grant = '', presented = '', outcome, endedAt } = entry;
    const since = givenUp.get(grant);
    const explained = [grant, presented].some((id) => (ends.get(id)?.from ?? NEVER) < endedAt);
    return since !== undefined && outcome === 'refused' && !explained ? [{ entry, since }] : [];
  });
}

/** By sign-in: when its code was sent again after a request that was never answered. */
function givenUpExchanges(presentations: ReadonlyMap<string, readonly Entry[]>): Map<string, number> {
  const givenUp = new Map<string, number>();
  for (const list of presentations.values()) {
    const at = list.findIndex(({ operation, outcome }) => operation === 'exchange' && outcome === 'silence');
    const [grant, again] = [list[at]?.grant, list[at + 1]];
    if (grant && again) givenUp.set(grant, again.startedAt);
  }
  return givenUp;
}
