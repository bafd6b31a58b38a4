import type { Entry, Ledger } from '../ledger/ledger.ts';
import type { Event } from './events.ts';

/** A request that a client would have had to send again. */
export interface Failure {
  entry: Entry;
  /** What was going on, and how long after its start the request was sent; `calm` where nothing was. */
  during: string;
  afterMs: number;
  /** It was under way when a process was killed, which may have been the one that was busy with it. */
  isCut: boolean;
}

const EXAMPLES = 5;
/** A process that is killed is gone a moment later. */
const DYING_MS = 20;

export function findFailures({ entries }: Ledger, events: readonly Event[]): Failure[] {
  return entries
    .filter(({ outcome }) => ['unavailable', 'silence', 'error'].includes(outcome))
    .map((entry) => {
      const event = events.find(
        ({ startedAt, endedAt }) => startedAt <= entry.endedAt && entry.startedAt <= endedAt,
      );
      const killedAt = event?.killedAt;
      return {
        entry,
        during: event?.kind ?? 'calm',
        afterMs: entry.startedAt - (event?.startedAt ?? 0),
        isCut: killedAt !== undefined && entry.startedAt <= killedAt + DYING_MS && entry.endedAt >= killedAt,
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
