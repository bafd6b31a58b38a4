import type { Entry, Ledger } from '../ledger/ledger.ts';
import type { Event } from './events.ts';

/** A request that a client would have had to send again. */
export interface Failure {
  entry: Entry;
  /** What was going on, and how long after its start the request was sent; `calm` where nothing was. */
  during: string;
  afterMs: number;
  /** It was under way before a process that was killed was gone, which may have been the one that had it. */
  isCut: boolean;
}

const EXAMPLES = 5;
export function findFailures({ entries }: Ledger, events: readonly Event[]): Failure[] {
  return entries
    .filter(({ outcome }) => ['unavailable', 'silence', 'error'].includes(outcome))
    .map((entry) => {
      const during = events.filter(
        ({ startedAt, endedAt }) => startedAt <= entry.endedAt && entry.startedAt <= endedAt,
      );
      const isCutBy = ({ killed }: Event) =>
        killed !== undefined && entry.startedAt <= killed.goneAt && entry.endedAt >= killed.at;
      const event = during.find(isCutBy) ?? during[0];
      return {
        entry,
        during: event?.kind ?? 'calm',
        afterMs: entry.startedAt - (event?.startedAt ?? 0),
        isCut: event !== undefined && isCutBy(event),
      };
    });
}

/** Whoever is killed cannot finish its answers. All else is a failure of ours. */
export function judgeFailures(failures: readonly Failure[]): string[] {
  const unexcused = Map.groupBy(
    failures.filter(({ isCut }) => !isCut),
    ({ during }) => during,
  );
  return [...unexcused].map(([during, of]) => {
    const examples = of
      .slice(0, EXAMPLES)
      .map(
        ({ entry, afterMs }) =>
          `${entry.operation} ${entry.outcome} ${entry.detail} after ${Math.round(afterMs)} ms`,
      );
    return `${of.length} requests failed during ${during}: ${examples.join('; ')}`;
  });
}
