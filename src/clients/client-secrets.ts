import type { Clock } from '../platform/clock.ts';
import { verifySecret } from '../platform/digest.ts';
import type { ClientSecretStore } from './client-secret-store.ts';

/** Verifies a presented client secret against every live one; several may be, while one replaces another. */
export interface ClientSecrets {
  verify(clientId: string, secret: string): Promise<boolean>;
}

export function createClientSecrets({
  store,
  clock,
}: {
  store: ClientSecretStore;
  clock: Clock;
}): ClientSecrets {
  return {
    async verify(clientId, secret) {
      let valid = false;
      for (const digest of await store.liveDigests(clientId, clock.now())) {
        // All are compared, so that the time taken does not say which one matched.
        valid = (await verifySecret(secret, digest)) || valid;
      }
      return valid;
    },
  };
}
