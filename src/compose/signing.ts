import type { ClientStore } from '../clients/client-store.ts';
import type { Config } from '../config.ts';
import { createKeyRing, type KeyRing } from '../keys/key-ring.ts';
import { createPastKeyStore } from '../keys/past-key-store.ts';
import { createPastKeys, type PastKeys } from '../keys/past-keys.ts';
import { type RotationDependencies, rotateKeys } from '../keys/rotate-keys.ts';
import type { KeySet } from '../keys/signing-key.ts';
import { createSigningKeyStore } from '../keys/signing-key-store.ts';
import type { Foundation } from './foundation.ts';

/** The signing keys, one set for each service. */
export interface Signing {
  rotation: RotationDependencies;
  keyRings: { oidc: KeyRing; listnr: KeyRing };
  pastKeys: PastKeys;
}

/** Rotates the keys if that is due, which makes them at a first start, and reads them. */
export async function composeSigning(
  {
    logger,
    database,
    rowClock,
    box,
    metrics,
  }: Pick<Foundation, 'logger' | 'database' | 'rowClock' | 'box' | 'metrics'>,
  {
    keyRotation,
    rsaBits,
    clientStore,
  }: Pick<Config, 'keyRotation' | 'rsaBits'> & { clientStore: ClientStore },
): Promise<Signing> {
  const store = createSigningKeyStore(database.background, box);
  const rotation = {
    store,
    policy: keyRotation,
    rsaBits,
    clock: rowClock,
    wantedAlgorithms: () => clientStore.signingAlgorithms(),
  };
  for (const keySet of ['oidc', 'listnr'] as const) await rotateKeys(keySet, rotation);
  const ringOf = (keySet: KeySet) =>
    createKeyRing(store, keySet, {
      logger,
      onSign: () => metrics.countSignature(keySet),
    });
  return {
    rotation,
    keyRings: { oidc: await ringOf('oidc'), listnr: await ringOf('listnr') },
    pastKeys: await createPastKeys(createPastKeyStore(database.background)),
  };
}
