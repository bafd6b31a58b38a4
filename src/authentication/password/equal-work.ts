import { costOf, hashPassword, type PasswordCost, parametersOf } from '../../platform/secrets/digest.ts';

/** Dearer hashes than so many new ones make only their own people's refusals longer, not everybody's. */
const DEAREST = 4;

/**
 * Makes the time of a refused sign-in equal, whatever parameters the person's hash has, and whether there is one: hashes
 * once with each of the parameters in use and with those of new hashes. `done`: the parameters with which the password
 * was compared already.
 */
export type EqualWork = (parametersInUse: readonly string[], done: string | undefined) => Promise<void>;

export function createEqualWork(cost: PasswordCost): EqualWork {
  const dearest = workOf(cost) * DEAREST;
  return async (parametersInUse, done) => {
    const all = new Set([parametersOf(cost), ...parametersInUse]);
    for (const parameters of all) {
      const one = costOf(parameters);
      if (parameters !== done && workOf(one) <= dearest) await hashPassword('nobody has this password', one);
    }
  };
}

function workOf({ memoryKib, iterations }: PasswordCost): number {
  return memoryKib * iterations;
}
