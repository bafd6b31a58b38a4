import { LRUCache } from 'lru-cache';
import type { InstanceStore } from '../instances/instance-store.ts';
import type { ClientSecretStore } from './client-secret-store.ts';
import type { ClientStore } from './client-store.ts';

/** How many of each are kept; the least recently used go first. */
const MAX_ENTRIES = 20_000;

/**
 * Keeps what was registered for Sign in with Listo in memory once it was asked for, so that a token costs no look-up of
 * its client. (LiSTNR keeps all of its own: listnr-clients.ts.) `clear` is called when the registration's version grew
 * (`platform/versions.ts`): a change is seen everywhere about a second after its commit, and while the database is away
 * what is known stays in use. What is not registered is not remembered.
 */
export interface RegistrationCache {
  clients: ClientStore;
  clientSecrets: ClientSecretStore;
  instances: InstanceStore;
  clear(): void;
}

export function cacheRegistration(stores: Omit<RegistrationCache, 'clear'>): RegistrationCache {
  const clients = remember((id) => stores.clients.find(id));
  const clientSecrets = remember((id) => stores.clientSecrets.list(id));
  const instances = remember((id) => stores.instances.find(id));
  const upstreamProviders = remember((id) => stores.instances.findUpstreamProvider(id));
  const caches = [clients, clientSecrets, instances, upstreamProviders];
  return {
    clients: { ...stores.clients, find: clients.get },
    clientSecrets: { ...stores.clientSecrets, list: clientSecrets.get },
    instances: { find: instances.get, findUpstreamProvider: upstreamProviders.get },
    clear() {
      for (const cache of caches) cache.clear();
    },
  };
}

/**
 * Remembers answers by their key. The promise itself is kept, from before the query is sent: parallel asks share
 * it, and a `clear` while it is under way forgets it, so that no answer from before a change outlives it.
 */
function remember<T>(load: (key: string) => Promise<T>): { get(key: string): Promise<T>; clear(): void } {
  const known = new LRUCache<string, Promise<T>>({ max: MAX_ENTRIES });
  return {
    get(key) {
      const kept = known.get(key);
      if (kept) return kept;
      const loading = load(key);
      known.set(key, loading);
      const forget = () => {
        if (known.peek(key) === loading) known.delete(key);
      };
      loading.then(
        (value) =>
          value === undefined || (Array.isArray(value) && value.length === 0) ? forget() : undefined,
        forget,
      );
      return loading;
    },
    clear: () => known.clear(),
  };
}
