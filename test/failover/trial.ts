import { setTimeout as pause } from 'node:timers/promises';
import type { Entry, Ledger } from '../ledger/ledger.ts';
import { type FaultName, type Scene, strike } from './faults.ts';
import type { SteadyProbe } from './steady-probe.ts';
import type { Way } from './ways.ts';
import type { WriteProbe } from './write-probe.ts';

/** One fault, and its effect on the service. */
export interface Trial {
  way: Way;
  fault: FaultName;
  /** How long Postgres itself accepted no write. */
  outageMs: number;
  /** Counted from then: until the first write got 200, and until the last failed one was sent. */
  backMs: number;
  settledMs: number;
  /** The longest pause between two writes that got 200. */
  pauseMs: number;
  refused: number;
  unanswered: number;
  steadyAsked: number;
  steadyFailures: string[];
  steadySlowestMs: number;
}

/** How long the service is watched after a fault. */
const WATCHED_MS = 12_000;
const BEFORE_MS = 2000;
const WRITES = new Set<string>(['authorization', 'exchange', 'refresh', 'revocation', 'sign-out']);

export async function runTrial(
  fault: FaultName,
  {
    scene,
    ledger,
    writes,
    steady,
  }: { scene: Scene; ledger: Ledger; writes: WriteProbe; steady: SteadyProbe },
): Promise<Trial> {
  const { way } = scene;
  await pause(BEFORE_MS);
  const startedAt = performance.now();
  const { possibleFrom, heal } = await strike(fault, scene);
  await writes.next();
  await pause(WATCHED_MS);
  const endedAt = performance.now();
  ledger.faults.push({ kind: `${way}: ${fault}`, startedAt, endedAt });
  const outage = writes.outage(startedAt);
  heal?.();
  await scene.pair.whole();
  const from = possibleFrom ?? outage.until;
  const healed = performance.now();
  const during = ledger.entries.filter((entry) => entry.endedAt >= startedAt && entry.endedAt <= endedAt);
  const since = steady.asked.filter(({ at, ms }) => at + ms >= startedAt && at <= healed);
  return {
    way,
    fault,
    outageMs: outage.ms,
    ...service(during, startedAt, from),
    steadyAsked: since.length,
    steadyFailures: since.flatMap(({ name, failure, at }) =>
      failure ? [`${name} ${failure} after ${Math.round(at - startedAt)} ms`] : [],
    ),
    steadySlowestMs: Math.max(0, ...since.map(({ ms }) => ms)),
  };
}

function service(during: readonly Entry[], startedAt: number, from: number) {
  const writes = during.filter(({ operation }) => WRITES.has(operation));
  const of = (...outcomes: Entry['outcome'][]) => writes.filter(({ outcome }) => outcomes.includes(outcome));
  const ok = of('ok')
    .map(({ endedAt }) => endedAt)
    .toSorted((a, b) => a - b);
  const bad = of('unavailable', 'silence', 'error').map((entry) => entry.startedAt);
  const first = ok.find((at) => at >= from);
  const times = [startedAt, ...ok];
  return {
    backMs: first === undefined ? Number.POSITIVE_INFINITY : first - from,
    settledMs: Math.max(0, ...bad.map((at) => at - from)),
    pauseMs: Math.max(...ok.map((at, n) => at - (times[n] ?? at)), 0),
    refused: of('unavailable').length,
    unanswered: of('silence').length,
  };
}
