import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Refusal } from '../scripts/refusal.ts';
import { SCENARIOS } from './scenarios/every.ts';
import type { Scenario } from './scenarios/scenario.ts';

const OPTIONS = {
  scenario: { type: 'string', multiple: true },
  seconds: { type: 'string', default: '10' },
  warmup: { type: 'string', default: '3' },
  connections: { type: 'string', default: '32' },
  workers: { type: 'string' },
  runs: { type: 'string', default: '3' },
  tolerance: { type: 'string', default: '15' },
  against: { type: 'string' },
  credentials: { type: 'string' },
  profile: { type: 'string' },
  'constant-signatures': { type: 'boolean', default: false },
  out: { type: 'string', default: fileURLToPath(new URL('results', import.meta.url)) },
} as const;

export interface Options {
  scenarios: readonly Scenario[];
  seconds: number;
  warmup: number;
  connections: number;
  workers: number;
  runs: number;
  /** A share; by default 0.15. */
  tolerance: number;
  against: string | undefined;
  credentials: string | undefined;
  /** A folder for CPU profiles of the server's processes. Profiling costs time. */
  profile: string | undefined;
  /** Whether signatures cost nothing (`set-up/constant-signatures.ts`). */
  constantSignatures: boolean;
  out: string;
}

/** @throws Refusal that says what is wrong with the command line. */
export function parseOptions(args: string[]): Options {
  const { values } = parse(args);
  const whole = (name: 'seconds' | 'warmup' | 'connections' | 'runs' | 'tolerance', low: number) =>
    wholeNumber(name, values[name], low);
  const general = SCENARIOS.filter((scenario) => scenario.general || values.against === undefined);
  return {
    scenarios: values.scenario ? values.scenario.map((name) => findScenario(general, name)) : general,
    seconds: whole('seconds', 1),
    warmup: whole('warmup', 0),
    connections: whole('connections', 1),
    workers: values.workers ? wholeNumber('workers', values.workers, 1) : availableParallelism(),
    runs: whole('runs', 1),
    tolerance: whole('tolerance', 1) / 100,
    against: values.against,
    credentials: values.credentials,
    profile: values.profile,
    constantSignatures: values['constant-signatures'],
    out: values.out,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS });
  } catch (error) {
    throw new Refusal((error as Error).message);
  }
}

export function wholeNumber(name: string, text: string, low: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= low) return value;
  throw new Refusal(`--${name} takes a whole number from ${low}.`);
}

/** Reads numbers separated by commas. */
export function wholeNumbers(name: string, text: string): number[] {
  return text.split(',').map((item) => wholeNumber(name, item, 1));
}

export function findScenario(scenarios: readonly Scenario[], name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found) return found;
  const known = scenarios.map((scenario) => scenario.name).join(', ');
  throw new Refusal(`There is no scenario ${name} here; there are ${known}.`);
}
