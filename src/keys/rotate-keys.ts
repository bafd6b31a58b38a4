import type { Clock } from '../platform/time/clock.ts';
import { planRotation, type RotationPolicy, type RotationStep } from './plan-rotation.ts';
import {
  generateKeyMaterial,
  type KeyAlgorithm,
  type KeySet,
  type KeyState,
  type SigningKey,
} from './signing-key.ts';
import type { KeyChange, SigningKeyStore } from './signing-key-store.ts';

export interface RotationDependencies {
  store: SigningKeyStore;
  policy: RotationPolicy;
  rsaBits: number;
  clock: Clock;
  /** The algorithms in which clients want anything signed. */
  wantedAlgorithms(): Promise<readonly KeyAlgorithm[]>;
}

/**
 * Carries out the steps that are due for a set; at first start, that creates its keys. Every replica may call it at
 * any time.
 */
export async function rotateKeys(
  keySet: KeySet,
  dependencies: RotationDependencies,
  { force = false } = {},
): Promise<KeyChange[]> {
  const { store, policy, clock } = dependencies;
  const wanted = await algorithmsOfSet(keySet, dependencies);
  // This first look takes no lock. Usually nothing is due.
  if (!force && plan(await store.list(keySet), wanted, policy, clock.now()).length === 0) return [];
  return store.change(keySet, async (keys) =>
    withMaterial(plan(keys, wanted, policy, clock.now(), { force }), dependencies),
  );
}

/**
 * Drops keys of a set at once, because somebody else may have them: the current ones, or the one with `kid`, whatever
 * its state. Tokens that they signed verify nowhere after caches have been refreshed, not even as a hint. The next key
 * replaces a dropped current one, or a new key if there is none.
 */
export async function dropCompromisedKeys(
  keySet: KeySet,
  dependencies: RotationDependencies,
  { kid }: { kid?: string } = {},
): Promise<KeyChange[]> {
  const wanted = await algorithmsOfSet(keySet, dependencies);
  const goes = (key: SigningKey) => (kid === undefined ? key.state === 'current' : key.kid === kid);
  return dependencies.store.change(keySet, async (keys) => {
    const kids = kid === undefined ? keys.filter(goes).map((key) => key.kid) : [kid];
    const staying = keys.filter((key) => !goes(key));
    const successors = [...algorithmsOf(keys, wanted)].flatMap((alg) => successor(staying, alg));
    const drops = kids.map((gone) => ({ action: 'drop' as const, kid: gone }));
    return [...drops, ...(await withMaterial(successors, dependencies))];
  });
}

/** The step that gives an algorithm a current key, if it has none. */
function successor(keys: readonly SigningKey[], alg: KeyAlgorithm): Due[] {
  const inState = (state: KeyState) => keys.find((key) => key.alg === alg && key.state === state);
  if (inState('current')) return [];
  const next = inState('next');
  return next
    ? [{ action: 'promote', kid: next.kid, alg }]
    : [{ action: 'create', state: 'current', promoteAfter: undefined, alg }];
}

type Due = RotationStep & { alg: KeyAlgorithm };

/** LiSTNR tokens are always RS256 (listnr-verify-token). In the other set, each client chooses. */
async function algorithmsOfSet(
  keySet: KeySet,
  { wantedAlgorithms }: RotationDependencies,
): Promise<readonly KeyAlgorithm[]> {
  return keySet === 'listnr' ? ['RS256'] : ['RS256', ...(await wantedAlgorithms())];
}

/** A key whose algorithm no client uses any more still verifies its tokens, and still passes through all states. */
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
