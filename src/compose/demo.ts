import type { ClientStore } from '../clients/client-store.ts';
import { CLIENT_ID, redirectUriOf } from '../demo/relying-party.ts';

/** Whether the demo's relying party is registered, for this issuer: somebody applied config/seeds/demo.sql. */
export async function hasDemoClient(clients: ClientStore, issuer: string): Promise<boolean> {
  const client = await clients.find(CLIENT_ID);
  return client?.redirectUris.includes(redirectUriOf(issuer)) ?? false;
}
