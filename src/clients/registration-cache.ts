import type { InstanceStore } from '../instances/instance-store.ts';
import { createRecent } from '../platform/copies/recent.ts';
import type { ClientStore } from './client-store.ts';
import type { ClientSecretStore } from './secrets/client-secret-store.ts';

/** The limit for each kind of record. The least recently used ones go first. */
const MAX_ENTRIES = 20_000;

/**
 * Keeps registrations for Sign in with Listo in memory after their first use, so that a token costs no look-up of its
 * client. (LiSTNR keeps all of its clients: listnr-clients.ts.) `clear` runs when the registration's version has
 * grown (`platform/copies/versions.ts`), so every process sees a change about a second after its commit. While the database
 * is away, known registrations stay in use. A missing registration is not remembered.
 */
export interface RegistrationCache {
  clients: ClientStore;
  clientSecrets: ClientSecretStore;
  instances: InstanceStore;
  /** The part that is in memory already: an answer costs no statement. */
  remembered: {
    client(id: string): ReturnType<ClientStore['find']>;
    instance(id: string): ReturnType<InstanceStore['find']>;
  };
  clear(): void;
}

export function cacheRegistration(
  stores: Pick<RegistrationCache, 'clients' | 'clientSecrets' | 'instances'>,
): RegistrationCache {
  const clients = remember((id) => stores.clients.find(id));
  const clientSecrets = remember((id) => stores.clientSecrets.list(id));
  // In an object, because a missing registration is not remembered, and this may be empty.
  const slow = remember(async () => ({ digests: await stores.clientSecrets.slowDigests() }));
  const instances = remember((id) => stores.instances.find(id));
  const upstreamProviders = remember((id) => stores.instances.findUpstreamProvider(id));
  const caches = [clients, clientSecrets, slow, instances, upstreamProviders];
  return {
    clients: { ...stores.clients, find: clients.get },
    clientSecrets: {
      ...stores.clientSecrets,
      list: clientSecrets.get,
      slowDigests: async () => (await slow.get('')).digests,
    },
    instances: { find: instances.get, findUpstreamProvider: upstreamProviders.get },
    remembered: { client: clients.known, instance: instances.known },
    clear() {
      for (const cache of caches) cache.clear();
    },
  };
}

/**
 * Remembers answers by key. It keeps the promise from before the query is sent, so that parallel calls share it. A
 * `clear` during the query forgets the promise, so no answer from before a change stays.
 */
function remember<T>(load: (key: string) => Promise<T>): {
  get(key: string): Promise<T>;
  known(key: string): Promise<T | undefined>;
  clear(): void;
} {
  const known = createRecent<Promise<T>>({ max: MAX_ENTRIES });
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
    known: async (key) => known.peek(key),
    clear: () => known.clear(),
  };
}
