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

/** Refusals of grants that nobody ended, of which an exchange may still have been under way after it was given up. */
function unexplained(
  entries: readonly Entry[],
  presentations: ReadonlyMap<string, readonly Entry[]>,
  ends: ReadonlyMap<string, End>,
): { entry: Entry; since: number }[] {
  const givenUp = new Map<string, number>();
  for (const [first, second] of presentations.values()) {
    if (first?.operation === 'exchange' && first.grant && first.outcome === 'silence' && second)
      givenUp.set(first.grant, second.startedAt);
  }
  return entries.flatMap((entry) => {
    const since = givenUp.get(entry.grant ?? '');
    const excused = (ends.get(entry.grant ?? '')?.from ?? NEVER) < entry.endedAt;
    const refused = usesGrant(entry) && entry.outcome === 'refused' && !entry.misuse;
    return since !== undefined && refused && !excused && !endedToken(entry, ends) ? [{ entry, since }] : [];
  });
}

function endedToken({ presented = '', endedAt }: Entry, ends: ReadonlyMap<string, End>): boolean {
  return (ends.get(presented)?.from ?? NEVER) < endedAt;
}
