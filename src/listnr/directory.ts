import type { PersonStore } from '../accounts/person-store.ts';
import type { ClientSecrets } from '../clients/client-secrets.ts';
import type { ListnrClient } from '../clients/listnr-client.ts';
import type { ListnrClientStore } from '../clients/listnr-client-store.ts';

/** Everything that issuing a token asks of the database, in one place. */
export interface Directory {
  findClient(id: string): Promise<ListnrClient | undefined>;
  /** False for an unknown client, too. */
  isSecretOf(clientId: string, secret: string): Promise<boolean>;
  /** False for a disabled person and for one that no longer exists. */
  isEnabledPerson(id: string): Promise<boolean>;
}

export function createDirectory({
  clients,
  secrets,
  people,
}: {
  clients: ListnrClientStore;
  secrets: ClientSecrets;
  people: PersonStore;
}): Directory {
  return {
    findClient: (id) => clients.find(id),
    isSecretOf: (clientId, secret) => secrets.verify(clientId, secret),
    isEnabledPerson: async (id) => (await people.find(id)) !== undefined,
  };
}
