import { type Reading, readEntries, usesGrant } from './ends.ts';
import { type Entry, type Ledger, OPERATIONS } from './ledger.ts';

/** A kind of event that must never happen, with an example: ids and fingerprints, no tokens. */
export interface Violation {
  kind: ViolationKind;
  example: string;
}

export const VIOLATIONS = [
  'a code spent twice',
  'two successors of one refresh token',
  'signed out by an honest retry',
  'what was answered 200 does not work',
  'what was revoked still works',
  'a second live refresh token',
  'an acknowledged commit was lost',
  'not one row a family',
  'refused without a reason',
  'a server error that is not a 503',
  'a retry that never succeeded',
] as const;
export type ViolationKind = (typeof VIOLATIONS)[number];

/** Finds every violation in the ledger. */
export function findViolations(ledger: Ledger): Violation[] {
  const reading = readEntries(ledger.entries, ledger.pace);
  return [
    ...spentTwice(ledger.entries),
    ...twoSuccessors(ledger.entries),
    ...ledger.entries.flatMap((entry) => judge(entry, reading) ?? []),
    ...rows(ledger, reading),
    ...lostCommits(ledger),
    ...ledger.abandoned.map(({ operation, grant, startedAt, endedAt, lastOutcome }) =>
      violation(
        'a retry that never succeeded',
        `${operation} of ${grant ?? 'nobody'} for ${Math.round(endedAt - startedAt)} ms, last: ${lastOutcome}`,
      ),
    ),
  ];
}

/**
 * Finds the parts of a run that are missing. Without them, the lack of violations would prove nothing: each operation
 * answered 200, each attack tried and, with kills at instants, a kill during each.
 */
export function findOmissions({ entries, instants, faults }: Ledger, killsAtInstants = true): string[] {
  const isDone: Record<string, boolean> = Object.fromEntries([
    ...OPERATIONS.map((name) => [
      name,
      entries.some((entry) => entry.operation === name && entry.outcome === 'ok'),
    ]),
    ['a code used twice', entries.some(({ operation, misuse }) => operation === 'exchange' && misuse)],
    ['an old refresh token', entries.some(({ operation, misuse }) => operation === 'refresh' && misuse)],
    ...(killsAtInstants
      ? [
          ['a kill during a refresh', instants.some(({ operation }) => operation === 'refresh')],
          ['a kill during an exchange', instants.some(({ operation }) => operation === 'exchange')],
        ]
      : []),
    ['a fault under load', faults.length > 0],
  ]);
  return Object.keys(isDone).filter((name) => !isDone[name]);
}

function spentTwice(entries: readonly Entry[]): Violation[] {
  const codes = Map.groupBy(
    entries.filter(({ operation, outcome }) => operation === 'exchange' && outcome === 'ok'),
    ({ presented }) => presented,
  );
  return [...codes.values()]
    .filter(({ length }) => length > 1)
    .map(([first, second]) => violation('a code spent twice', `${told(first)}; and ${told(second)}`));
}

function twoSuccessors(entries: readonly Entry[]): Violation[] {
  const presented = Map.groupBy(
    entries.filter(({ operation, given }) => operation === 'refresh' && given),
    (entry) => entry.presented,
  );
  return [...presented.values()].flatMap((answers) => {
    const [first] = answers;
    const other = answers.find(({ given }) => given?.refreshToken !== first?.given?.refreshToken);
    return other
      ? [violation('two successors of one refresh token', `${told(first)}; and ${told(other)}`)]
      : [];
  });
}

function judge(entry: Entry, reading: Reading): Violation | undefined {
  switch (entry.outcome) {
    case 'error':
      return violation('a server error that is not a 503', told(entry));
    case 'ok':
      return judgeSuccess(entry, reading);
    case 'refused':
      return judgeRefusal(entry, reading);
    default:
      return undefined;
  }
}

/** A request that was sent after the answered end of its grant or token must be refused. */
function judgeSuccess(entry: Entry, { ends }: Reading): Violation | undefined {
  const { operation, grant = '', presented = '', startedAt, misuse } = entry;
  if (misuse && operation !== 'exchange') return violation('a second live refresh token', told(entry));
  if (!usesGrant(entry)) return undefined;
  const dead = [grant, presented].some((id) => (ends.get(id)?.by ?? Number.POSITIVE_INFINITY) <= startedAt);
  return dead ? violation('what was revoked still works', told(entry)) : undefined;
}

/**
 * A refusal needs a reason: a misuse, or an end that was requested, or followed from a window that passed, before the
 * answer.
 */
function judgeRefusal(entry: Entry, { ends, presentations }: Reading): Violation | undefined {
  const { operation, grant = '', presented = '', endedAt, misuse } = entry;
  if (misuse) return undefined;
  if (operation === 'exchange') {
    const others = (presentations.get(presented) ?? []).filter((other) => other !== entry);
    const used = others.some((other) => other.startedAt < endedAt);
    return used ? undefined : violation('refused without a reason', told(entry));
  }
  if (!usesGrant(entry)) return violation('refused without a reason', told(entry));
  const ended = [grant, presented].some((id) => (ends.get(id)?.from ?? Number.POSITIVE_INFINITY) < endedAt);
  if (ended) return undefined;
  if (operation !== 'refresh') return violation('what was answered 200 does not work', told(entry));
  const [first] = presentations.get(presented) ?? [];
  const retried = first !== undefined && first !== entry;
  return violation(
    retried ? 'signed out by an honest retry' : 'what was answered 200 does not work',
    told(entry),
  );
}

/**
 * A live family has one row; an ended one, or one whose token no client received, has none. An exchange that its
 * client gave up may still have been carried out.
 */
function rows({ families, orphans, familiesReadAt, abandoned }: Ledger, { ends }: Reading): Violation[] {
  const wrong = families.flatMap(({ grant, rows: found }) => {
    const end = ends.get(grant);
    const expected = end && end.by <= familiesReadAt ? 0 : 1;
    if (found === expected || (found === 0 && end && end.from < familiesReadAt)) return [];
    return [violation('not one row a family', `${grant} has ${found} rows, not ${expected}`)];
  });
  const unknown = abandoned.filter(({ operation }) => operation === 'exchange').length;
  return orphans <= unknown
    ? wrong
    : [...wrong, violation('not one row a family', `${orphans} rows belong to no sign-in that was answered`)];
}

/** The database may not be behind an answer, and no server may have met a token that was newer than its row. */
function lostCommits({ entries, families, familiesReadAt, audits }: Ledger): Violation[] {
  const newest = new Map<string, number>();
  for (const { grant, given, endedAt } of entries)
    if (grant && given && endedAt <= familiesReadAt)
      newest.set(grant, Math.max(newest.get(grant) ?? 0, given.sequence));
  const behind = families.flatMap(({ grant, sequence }) => {
    const answered = newest.get(grant) ?? 0;
    return sequence !== undefined && sequence < answered
      ? [violation('an acknowledged commit was lost', `${grant} is at ${sequence}, answered was ${answered}`)]
      : [];
  });
  const ahead = audits['refresh_token.ahead'] ?? 0;
  return ahead > 0
    ? [
        ...behind,
        violation('an acknowledged commit was lost', `${ahead} refresh tokens were ahead of their rows`),
      ]
    : behind;
}

function violation(kind: ViolationKind, example: string): Violation {
  return { kind, example };
}

function told(entry: Entry | undefined): string {
  if (!entry) return 'nothing';
  const { operation, grant, presented, startedAt, endedAt, outcome, detail } = entry;
  const when = `${Math.round(startedAt)}–${Math.round(endedAt)} ms`;
  return [operation, grant, presented, when, outcome, detail].filter(Boolean).join(' ');
}
