import type { Clock } from '../platform/clock.ts';
import { planRotation, type RotationPolicy, type RotationStep } from './plan-rotation.ts';
import { generateKeyMaterial, type KeyAlgorithm, type KeySet, type SigningKey } from './signing-key.ts';
import type { KeyChange, SigningKeyStore } from './signing-key-store.ts';

export interface RotationDependencies {
  store: SigningKeyStore;
  policy: RotationPolicy;
  rsaBits: number;
  clock: Clock;
  /** The algorithms that somebody's ID tokens are to be signed with. */
  idTokenAlgorithms(): Promise<readonly KeyAlgorithm[]>;
}

/** Does what is due for a set now: at first start that makes its keys. Safe to call from every replica at any time. */
export async function rotateKeys(
  keySet: KeySet,
  dependencies: RotationDependencies,
  { force = false } = {},
): Promise<KeyChange[]> {
  const { store, policy, clock } = dependencies;
  const wanted = await wantedAlgorithms(keySet, dependencies);
  // Looking costs no lock; a set that has nothing due, the usual case, is left alone.
  if (!force && plan(await store.list(keySet), wanted, policy, clock.now()).length === 0) return [];
  return store.change(keySet, async (keys) =>
    withMaterial(plan(keys, wanted, policy, clock.now(), { force }), dependencies),
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
  const wanted = await wantedAlgorithms(keySet, dependencies);
  return dependencies.store.change(keySet, async (keys) => {
    const changes: Due[] = [];
    for (const alg of algorithmsOf(keys, wanted)) {
      const current = keys.find((key) => key.alg === alg && key.state === 'current');
      const next = keys.find((key) => key.alg === alg && key.state === 'next');
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

/** LiSTNR's tokens are always RS256 (listnr-verify-token), and so are access tokens; ID tokens are what a client asks for. */
async function wantedAlgorithms(
  keySet: KeySet,
  { idTokenAlgorithms }: RotationDependencies,
): Promise<readonly KeyAlgorithm[]> {
  return keySet === 'listnr' ? ['RS256'] : ['RS256', ...(await idTokenAlgorithms())];
}

/** Keys that nobody asks for any more still verify what they signed, and go on living through their states. */
function algorithmsOf(keys: SigningKey[], wanted: readonly KeyAlgorithm[]): Set<KeyAlgorithm> {
  return new Set([...wanted, ...keys.map(({ alg }) => alg)]);
}

function plan(
  keys: SigningKey[],
  wanted: readonly KeyAlgorithm[],
  policy: RotationPolicy,
  now: Date,
  options = {},
): Due[] {
  return [...algorithmsOf(keys, wanted)].flatMap((alg) =>
    planRotation(
      keys.filter((key) => key.alg === alg),
      policy,
      now,
      options,
    ).map((step) => ({ ...step, alg })),
  );
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
