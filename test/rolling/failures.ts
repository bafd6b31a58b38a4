import type { Entry, Ledger } from '../ledger/ledger.ts';
import type { Event } from './events.ts';

/** A request that a client would have had to repeat. */
export interface Failure {
  entry: Entry;
  /** The event, and how long after its start the request was sent; `calm` without one. */
  during: string;
  afterMs: number;
  /** The request was under way before a killed process was gone, so that process may have had it. */
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

/** A killed process cannot finish its answers. Every other failure is ours. */
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
