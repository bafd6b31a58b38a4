import type { Machine } from './machine.ts';
import type { Run } from './measure.ts';
import type { Scenario } from './scenario.ts';

/** All that a run of the benchmark found: what is written as JSON, and what table and picture are made of. */
export interface Result {
  startedAt: string;
  commit?: string;
  /** The address of the server that was driven, when it was not ours. */
  against?: string;
  machine: Machine;
  load: { seconds: number; warmup: number; connections: number; workers?: number; runs: number };
  scenarios: Measured[];
}

/** A scenario: its run in the middle, and how far the others are from it. */
export interface Measured extends Run {
  name: string;
  title: string;
  /** Between the fastest run and the slowest, as a share of the middle one; undefined for one run. */
  spread?: number;
  target?: { words: string; met: boolean };
  runs: Run[];
}

/** Beyond this, runs are said to differ. */
export const STEADY = 0.1;

/** The run in the middle by throughput (of an even number, the slower of the two). */
export function summarized({ name, title, target }: Scenario, runs: readonly Run[]): Measured {
  const ordered = [...runs].sort((a, b) => a.requestsPerSecond - b.requestsPerSecond);
  const middle = ordered[Math.floor((ordered.length - 1) / 2)];
  const [slowest, fastest] = [ordered[0], ordered.at(-1)];
  if (!middle || !slowest || !fastest) throw new RangeError('There is no run to summarize.');
  return {
    name,
    title,
    ...middle,
    ...(runs.length > 1
      ? { spread: (fastest.requestsPerSecond - slowest.requestsPerSecond) / middle.requestsPerSecond }
      : {}),
    ...(target ? compared(target, middle) : {}),
    runs: [...runs],
  };
}

function compared(
  target: NonNullable<Scenario['target']>,
  { ratio, cpuMs }: Run,
): { target?: { words: string; met: boolean } } {
  if (target.kind === 'ratio') {
    return { target: { words: `ratio ≥ ${target.atLeast.toFixed(2)}`, met: ratio >= target.atLeast } };
  }
  if (cpuMs.server === undefined) return {};
  return { target: { words: `server CPU ≤ ${target.atMost} ms`, met: cpuMs.server <= target.atMost } };
}
