import { table } from '../ledger/report.ts';
import type { Trial } from './trial.ts';

/** The time limit after the failover itself. */
const BACK_WITHIN_MS = 5000;
const EXAMPLES = 3;

/** The sentences about wrong trials. */
export function judgeTrials(trials: readonly Trial[]): string[] {
  return trials.flatMap(({ way, fault, backMs, settledMs, steadyFailures }) => {
    const name = `${way}, ${fault}`;
    const late = (what: string, ms: number) =>
      ms > BACK_WITHIN_MS ? [`${name}: ${what} ${seconds(ms)} s after Postgres took writes again`] : [];
    return [
      ...late('the first write came', backMs),
      ...late('the last write that failed was sent', settledMs),
      ...(steadyFailures.length > 0
        ? [
            `${name}: ${steadyFailures.length} requests failed that need no database: ${steadyFailures.slice(0, EXAMPLES).join('; ')}`,
          ]
        : []),
    ];
  });
}

/** A table with times in seconds. `back` and `settled` count from when Postgres accepted writes again. */
export function trialTable(trials: readonly Trial[]): string {
  const head = [
    ...['way and fault', 'Postgres away', 'back', 'settled', 'longest pause'],
    ...['503', 'no answer', 'LiSTNR and keys', 'failed', 'slowest'],
  ];
  return table(
    head,
    trials.map((trial) => [
      `${trial.way}: ${trial.fault}`,
      ...[trial.outageMs, trial.backMs, trial.settledMs, trial.pauseMs].map(seconds),
      ...[trial.refused, trial.unanswered, trial.steadyAsked, trial.steadyFailures.length],
      seconds(trial.steadySlowestMs),
    ]),
  );
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}
