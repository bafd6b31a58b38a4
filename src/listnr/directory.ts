import type { DeniedSubjects } from '../accounts/denied-subjects.ts';
import type { ListnrClient } from '../clients/listnr/listnr-client.ts';
import type { ListnrClients } from '../clients/listnr/listnr-clients.ts';
import type { ClientSecrets, SecretVerdict } from '../clients/secrets/client-secrets.ts';

/**
 * The facts about clients and people that are needed to issue a token. All of them are in memory, so that the server
 * issues tokens while the database is away (listnr-clients.ts, denied-subjects.ts).
 */
export interface Directory {
  findClient(id: string): ListnrClient | undefined;
  /** No secret is right for an unknown client. */
  verifySecret(clientId: string, secret: string): Promise<SecretVerdict>;
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
    verifySecret: (clientId, secret) => secrets.verify(clientId, { secret, written: formDecoded(secret) }),
    mayBeNamed: (id) => !denied.has(id),
  };
}

/** A secret that its client form-encoded, which is wrong here, is told apart from other wrong ones. */
function formDecoded(secret: string): string | undefined {
  if (!secret.includes('%')) return undefined;
  try {
    return decodeURIComponent(secret.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
