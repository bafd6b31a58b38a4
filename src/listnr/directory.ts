import type { DeniedSubjects } from '../accounts/denied-subjects.ts';
import type { ClientSecrets } from '../clients/client-secrets.ts';
import type { ListnrClient } from '../clients/listnr-client.ts';
import type { ListnrClients } from '../clients/listnr-clients.ts';

/**
 * Everything that issuing a token has to know of clients and people, in one place. All of it is kept in memory, so that
 * tokens flow while the database is away (listnr-clients.ts, denied-subjects.ts).
 */
export interface Directory {
  findClient(id: string): ListnrClient | undefined;
  /** False for an unknown client, too. */
  isSecretOf(clientId: string, secret: string): Promise<boolean>;
  /** False for a person who was disabled, or deleted, while an ID token about them could be alive. */
  mayBeNamed(id: string): boolean;
}

export function createDirectory({
  clients,
  secrets,
  denied,
}: {
  clients: ListnrClients;
  secrets: ClientSecrets;
  denied: DeniedSubjects;
}): Directory {
  return {
    findClient: (id) => clients.find(id),
    isSecretOf: (clientId, secret) => secrets.verify(clientId, secret),
    mayBeNamed: (id) => !denied.has(id),
  };
}
