import type { Client } from '../clients/client.ts';
import type { ClientStore } from '../clients/client-store.ts';
import { DEVICE, FLOWS, type Flow, type Offers, redirectUriOf } from '../demo/flows.ts';

export type DemoRoutes = typeof import('../demo/routes.ts')['demoRoutes'];

/** Most processes never show the demo. */
export async function loadDemoRoutes(): Promise<DemoRoutes> {
  const { demoRoutes } = await import('../demo/routes.ts');
  return demoRoutes;
}

const DEVICE_CODE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/**
 * The flows of the demo whose clients are registered for this issuer: somebody applied config/seeds/demo.sql, or an
 * older one that had fewer.
 */
export function demoOffers(clients: ClientStore, issuer: string): Offers {
  const isOffered = (flow: Flow, client: Client) =>
    flow === DEVICE
      ? client.grantTypes.includes(DEVICE_CODE_GRANT)
      : client.redirectUris.includes(redirectUriOf(issuer, flow.client));
  return async () => {
    const found = await Promise.all(
      FLOWS.map(async (flow) => ({ flow, client: await clients.find(flow.client.id) })),
    );
    return found.flatMap(({ flow, client }) => (client && isOffered(flow, client) ? [flow] : []));
  };
}
