import type { DeniedSubjects } from '../accounts/denied-subjects.ts';
import type { ListnrClient } from '../clients/listnr/listnr-client.ts';
import type { ListnrClients } from '../clients/listnr/listnr-clients.ts';
import type { ClientSecrets } from '../clients/secrets/client-secrets.ts';

/**
 * The facts about clients and people that are needed to issue a token. All of them are in memory, so that the server
 * issues tokens while the database is away (listnr-clients.ts, denied-subjects.ts).
 */
export interface Directory {
  findClient(id: string): ListnrClient | undefined;
  /** Also false for an unknown client. */
  isSecretOf(clientId: string, secret: string): Promise<boolean>;
  /** False for a person who was disabled or deleted while an ID token about them may still be valid. */
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
    isSecretOf: async (clientId, secret) => (await secrets.verify(clientId, { secret })).right,
    mayBeNamed: (id) => !denied.has(id),
  };
}
