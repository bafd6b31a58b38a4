import { Refusal } from '../../scripts/refusal.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { startFloor } from '../set-up/floor.ts';
import type { Own } from '../set-up/own-server.ts';
import { cpuMsOf } from '../set-up/processes.ts';
import { signatureOptions } from '../set-up/server.ts';
import { drift, measureHashes, measureSignatures } from './limit.ts';
import type { Workshop } from './material.ts';
import { type Meters, playMetered } from './metered.ts';
import { type Load, type Play, type Played, play } from './wrk.ts';

const FLOOR_WARMUP = 1;

export interface Settings {
  seconds: number;
  warmup: number;
  connections: number;
  cores: number;
  /** How far the limit may change during a measurement, as a share. */
  tolerance: number;
  /** How many times a measurement is repeated when the limit changed too much. */
  attempts: number;
  /** Whether signatures cost nothing. */
  constantSignatures?: boolean;
  /** The processes of the floor, where it is measured. */
  floorWorkers?: number;
}

export type WarmUp = Pick<Settings, 'cores' | 'warmup' | 'connections'>;

/** One measurement. A foreign server has no figures of the server and its database. */
export interface Run {
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** The same without the flood. */
  calmP99Ms?: number;
  requests: number;
  /** The limit before and after, per second. */
  limit: { before: number; after: number };
  ratio: number;
  /** The answers a second of bare node:http, and its CPU milliseconds for each answer. */
  floor?: { requestsPerSecond: number; cpuMs: number };
  cpuMs: { server?: number; database?: number; generator: number };
  queries?: number;
  bytesWritten?: number;
  /** The time of one password hash on an idle core. */
  hashMs?: number;
}

/**
 * Measures a scenario between two measurements of its limit.
 * @throws Refusal when an answer was wrong or the limit did not hold still.
 */
export async function measure(
  scenario: Scenario,
  workshop: Workshop,
  own: Own | undefined,
  settings: Settings,
): Promise<Run> {
  try {
    return await measureHeldStill(scenario, workshop, own, settings);
  } catch (error) {
    if (error instanceof Refusal) error.message = `${scenario.title}: ${error.message}`;
    throw error;
  }
}

async function measureHeldStill(
  scenario: Scenario,
  workshop: Workshop,
  own: Own | undefined,
  settings: Settings,
): Promise<Run> {
  const moved: string[] = [];
  for (let attempt = 0; attempt < settings.attempts; attempt += 1) {
    const rate = await warmUp(scenario, workshop, settings);
    const what = await scenario.prepare(workshop, countFor(rate, settings.seconds));
    const calm = scenario.flood && (await play(what, loadOf(workshop, settings, settings.seconds)));
    const before = await limitOf(scenario, settings);
    const load = loadOf(workshop, settings, settings.seconds);
    const { played, spent } = await playMetered(what, load, own, () => scenario.flood?.(workshop));
    const after = await limitOf(scenario, settings);
    if (drift(before.perSecond, after.perSecond) <= settings.tolerance) {
      const floor = await floorOf(scenario, what, workshop, settings);
      return { ...toRun(scenario, { played, calm, before, after, spent }), ...(floor ? { floor } : {}) };
    }
    moved.push(`${Math.round(before.perSecond)} to ${Math.round(after.perSecond)}`);
  }
  throw new Refusal(
    `Nothing is reported, for the machine is not quiet: its limit moved by more than ${settings.tolerance * 100} % (${moved.join(', then ')} a second).`,
  );
}

/** Warms up compilers and caches. Returns the requests per second. */
export async function warmUp(scenario: Scenario, workshop: Workshop, settings: WarmUp): Promise<number> {
  const guess = (await limitOf(scenario, settings, 1)).perSecond;
  if (settings.warmup === 0) return guess;
  const what = await scenario.prepare(workshop, countFor(guess, settings.warmup));
  const { requests, seconds } = await play(what, loadOf(workshop, settings, settings.warmup));
  // Requests that are sent once may be over before wrk's clock moves.
  return seconds > 0 ? requests / seconds : guess;
}

/** More than needed, since a warm-up is slower than the measurement. */
export function countFor(perSecond: number, seconds: number): number {
  return Math.ceil(perSecond * seconds * 1.5) + 200;
}

export function loadOf(
  { target, threads }: Workshop,
  { connections }: Pick<Settings, 'connections'>,
  seconds: number,
): Load {
  return { base: target.base, seconds, connections, threads };
}

/** Sends the same requests to a program that checks none of them. */
async function floorOf(
  { floor, flood }: Scenario,
  what: Play,
  workshop: Workshop,
  settings: Settings,
): Promise<Run['floor']> {
  if (!floor || flood || !settings.floorWorkers) return undefined;
  const program = await startFloor(floor.signatures, settings.floorWorkers, signatureOptions(settings));
  try {
    const again: Play = what.order === 'once' ? { ...what, order: 'loop' } : what;
    const load = { ...loadOf(workshop, settings, settings.seconds), base: program.base };
    await play(again, { ...load, seconds: FLOOR_WARMUP });
    const before = cpuMsOf(program.pid);
    const { requests, seconds } = await play(again, load);
    return { requestsPerSecond: requests / seconds, cpuMs: (cpuMsOf(program.pid) - before) / requests };
  } finally {
    await program.stop();
  }
}

interface Limit {
  perSecond: number;
  hashMs?: number;
}

/** The most requests per second that this machine could answer now. */
async function limitOf({ limit }: Scenario, { cores }: Pick<Settings, 'cores'>, seconds = 3): Promise<Limit> {
  if (limit.of === 'hashes') {
    const { perSecond, ms } = await measureHashes(cores);
    return { perSecond, hashMs: ms };
  }
  return { perSecond: measureSignatures(cores, seconds) / limit.each };
}

function toRun(
  scenario: Scenario,
  {
    played,
    calm,
    before,
    after,
    spent,
  }: { played: Played; calm: Played | undefined; before: Limit; after: Limit; spent: Meters },
): Run {
  const { requests, seconds, p50Ms, p99Ms } = played;
  const each = (meter: keyof Meters) => (spent[meter] ?? 0) / requests;
  const perSecond = requests / seconds;
  const own = spent.server !== undefined;
  return {
    requestsPerSecond: perSecond,
    p50Ms,
    p99Ms,
    ...(calm ? { calmP99Ms: calm.p99Ms } : {}),
    requests,
    limit: { before: before.perSecond, after: after.perSecond },
    ratio: perSecond / ((before.perSecond + after.perSecond) / 2),
    cpuMs: {
      generator: each('generator'),
      ...(own ? { server: each('server'), database: each('database') } : {}),
    },
    ...(own ? { queries: each('queries'), bytesWritten: each('bytes') } : {}),
    ...(scenario.limit.of === 'hashes' && before.hashMs ? { hashMs: before.hashMs } : {}),
  };
}
