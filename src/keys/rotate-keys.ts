import type { Clock } from '../platform/clock.ts';
import { planRotation, type RotationPolicy, type RotationStep } from './plan-rotation.ts';
import {
  ALGORITHMS,
  generateKeyMaterial,
  type KeyAlgorithm,
  type KeySet,
  type SigningKey,
} from './signing-key.ts';
import type { KeyChange, SigningKeyStore } from './signing-key-store.ts';

export interface RotationDependencies {
  store: SigningKeyStore;
  policy: RotationPolicy;
  rsaBits: number;
  clock: Clock;
}

/** Does what is due for a set now: at first start that makes its keys. Safe to call from every replica at any time. */
export async function rotateKeys(
  keySet: KeySet,
  dependencies: RotationDependencies,
  { force = false } = {},
): Promise<KeyChange[]> {
  const { store, policy, clock } = dependencies;
  // Looking costs no lock; a set that has nothing due, the usual case, is left alone.
  if (!force && plan(await store.list(keySet), keySet, policy, clock.now()).length === 0) return [];
  return store.change(keySet, async (keys) =>
    withMaterial(plan(keys, keySet, policy, clock.now(), { force }), dependencies),
  );
}

/**
 * Drops the current keys of a set at once, because somebody else may have them: what they signed verifies nowhere
 * any more, as soon as caches have been refreshed. The next key signs in their place, made now where there is none.
 */
export async function dropCompromisedKeys(
  keySet: KeySet,
  dependencies: RotationDependencies,
): Promise<KeyChange[]> {
  return dependencies.store.change(keySet, async (keys) => {
    const changes: (RotationStep & { alg: KeyAlgorithm })[] = [];
    for (const { alg, current, next } of byAlgorithm(keys, keySet)) {
      if (current) changes.push({ action: 'remove', kid: current.kid, alg });
      changes.push(
        next
          ? { action: 'promote', kid: next.kid, alg }
          : { action: 'create', state: 'current', promoteAfter: undefined, alg },
      );
    }
    return withMaterial(changes, dependencies);
  });
}

type Due = RotationStep & { alg: KeyAlgorithm };

function plan(keys: SigningKey[], keySet: KeySet, policy: RotationPolicy, now: Date, options = {}): Due[] {
  return ALGORITHMS[keySet].flatMap((alg) =>
    planRotation(
      keys.filter((key) => key.alg === alg),
      policy,
      now,
      options,
    ).map((step) => ({ ...step, alg })),
  );
}

function byAlgorithm(keys: SigningKey[], keySet: KeySet) {
  return ALGORITHMS[keySet].map((alg) => ({
    alg,
    current: keys.find((key) => key.alg === alg && key.state === 'current'),
    next: keys.find((key) => key.alg === alg && key.state === 'next'),
  }));
}

function withMaterial(steps: Due[], { rsaBits }: RotationDependencies): Promise<KeyChange[]> {
  return Promise.all(
    steps.map(async (step) =>
      step.action === 'create'
        ? { ...step, key: { alg: step.alg, ...(await generateKeyMaterial(step.alg, { rsaBits })) } }
        : step,
    ),
  );
}
