import { DEFAULT_COST, type PasswordCost } from '../platform/secrets/digest.ts';
import type { Variables } from './variables.ts';

export interface PasswordSettings {
  /** The cost of a new hash. */
  cost: PasswordCost;
  /** The range API that is asked for leaked passwords; undefined: none is. */
  rangeUrl: string | undefined;
}

/** OWASP's least parameters for argon2id: with less memory, more iterations. */
const LEAST: readonly { memoryKib: number; iterations: number }[] = [
  { memoryKib: 47_104, iterations: 1 },
  { memoryKib: 19_456, iterations: 2 },
  { memoryKib: 12_288, iterations: 3 },
  { memoryKib: 9_216, iterations: 4 },
  { memoryKib: 7_168, iterations: 5 },
];

export function readPasswordSettings(variables: Variables): PasswordSettings {
  const cost = {
    memoryKib: variables.wholeNumber('PASSWORD_HASH_MEMORY_KIB', {
      fallback: DEFAULT_COST.memoryKib,
      low: 7_168,
      high: 262_144,
    }),
    iterations: variables.wholeNumber('PASSWORD_HASH_ITERATIONS', {
      fallback: DEFAULT_COST.iterations,
      low: 1,
      high: 20,
    }),
    parallelism: variables.wholeNumber('PASSWORD_HASH_PARALLELISM', {
      fallback: DEFAULT_COST.parallelism,
      low: 1,
      high: 16,
    }),
  };
  const least = LEAST.find(({ memoryKib }) => cost.memoryKib >= memoryKib);
  if (least && cost.iterations < least.iterations)
    variables.mistakes.push(
      `PASSWORD_HASH_ITERATIONS is ${cost.iterations}; with PASSWORD_HASH_MEMORY_KIB ${cost.memoryKib} it takes ${least.iterations} or more.`,
    );
  return { cost, rangeUrl: variables.address('PASSWORD_RANGE_URL') };
}
