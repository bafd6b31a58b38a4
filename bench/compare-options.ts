import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Refusal } from '../scripts/refusal.ts';
import { findScenario, wholeNumber } from './options.ts';
import { SCENARIOS } from './scenarios/every.ts';
import type { Scenario } from './scenarios/scenario.ts';

const OPTIONS = {
  scenario: { type: 'string', multiple: true },
  seconds: { type: 'string', default: '5' },
  warmup: { type: 'string', default: '5' },
  pairs: { type: 'string', default: '8' },
  connections: { type: 'string', default: '32' },
  workers: { type: 'string' },
  env: { type: 'string', multiple: true },
  'own-env': { type: 'string', multiple: true },
  'constant-signatures': { type: 'boolean', default: false },
  out: { type: 'string' },
} as const;

export interface CompareOptions {
  commit: string;
  scenarios: readonly Scenario[];
  seconds: number;
  warmup: number;
  pairs: number;
  connections: number;
  workers: number;
  /** Variables of the server of this checkout. */
  here: Record<string, string>;
  /** Variables of the server of the other commit. */
  other: Record<string, string>;
  /** Whether signatures cost nothing, on both sides. */
  constantSignatures: boolean;
  out: string | undefined;
}

/** @throws Refusal that says what is wrong with the command line. */
export function parseCompareOptions(args: string[]): CompareOptions {
  const { values, positionals } = parse(args);
  const [commit, ...rest] = positionals;
  if (commit === undefined || rest.length > 0)
    throw new Refusal('Name one commit to compare with: npm run bench:compare -- COMMIT [options].');
  const whole = (name: 'seconds' | 'warmup' | 'pairs' | 'connections') => wholeNumber(name, values[name], 1);
  const calm = SCENARIOS.filter((scenario) => scenario.flood === undefined);
  return {
    commit,
    scenarios: values.scenario ? values.scenario.map((name) => findScenario(calm, name)) : calm,
    seconds: whole('seconds'),
    warmup: whole('warmup'),
    pairs: whole('pairs'),
    connections: whole('connections'),
    workers: values.workers ? wholeNumber('workers', values.workers, 1) : availableParallelism(),
    here: variables('own-env', values['own-env'] ?? []),
    other: variables('env', values.env ?? []),
    constantSignatures: values['constant-signatures'],
    out: values.out,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new Refusal((error as Error).message);
  }
}

function variables(option: string, assignments: readonly string[]): Record<string, string> {
  const entries = assignments.map((text) => {
    const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined) throw new Refusal(`--${option} takes NAME=VALUE.`);
    return [name, value];
  });
  return Object.fromEntries(entries);
}
