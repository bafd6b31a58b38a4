import type { Run } from '../load/measure.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import type { Machine } from './machine.ts';

/** All results of a benchmark run: written as JSON, and the source of the table and the picture. */
export interface Result {
  startedAt: string;
  commit?: string;
  /** The address of a foreign server. */
  against?: string;
  machine: Machine;
  load: {
    seconds: number;
    warmup: number;
    connections: number;
    workers?: number;
    runs: number;
    constantSignatures?: boolean;
  };
  scenarios: Measured[];
}

/** A scenario: its middle run, and the spread of all runs. */
export interface Measured extends Run {
  name: string;
  title: string;
  /**
   * The difference between the fastest and the slowest run, as a share of the middle one; undefined for a single run.
   */
  spread?: number;
  target?: { words: string; met: boolean };
  runs: Run[];
}

/** The report points out a larger spread. */
export const STEADY = 0.1;

/** The middle run by throughput (the slower of two middle ones). */
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
  { ratio, cpuMs, p99Ms, calmP99Ms }: Run,
): { target?: { words: string; met: boolean } } {
  if (target.kind === 'ratio') {
    return { target: { words: `ratio ≥ ${target.atLeast.toFixed(2)}`, met: ratio >= target.atLeast } };
  }
  if (target.kind === 'slowdown') {
    const slowdown = p99Ms / (calmP99Ms ?? p99Ms);
    const words = `p99 ${slowdown.toFixed(1)} times that without (≤ ${target.atMost})`;
    return { target: { words, met: slowdown <= target.atMost } };
  }
  if (cpuMs.server === undefined) return {};
  return { target: { words: `server CPU ≤ ${target.atMost} ms`, met: cpuMs.server <= target.atMost } };
}
