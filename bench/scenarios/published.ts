import { join } from 'node:path';
import { writeRequests } from '../load/request.ts';
import { ISSUER } from '../set-up/server.ts';
import type { Scenario } from './scenario.ts';

export const discovery = published(
  'discovery',
  'Discovery',
  '"token_endpoint"',
  (endpoints) => endpoints.discovery,
);
export const jwks = published('jwks', 'JWKS', '"keys"', (endpoints) => endpoints.jwks);
export const listnrJwks: Scenario = {
  ...published('listnr-jwks', 'LiSTNR JWKS', '"keys"', () => `${ISSUER}/v1/listnr-token-provider/jwks`),
  general: false,
};

function published(
  name: string,
  title: string,
  marker: string,
  url: (endpoints: { discovery: string; jwks: string }) => string,
): Scenario {
  return {
    name,
    title,
    limit: { of: 'signatures', each: 1 },
    floor: { signatures: 0 },
    general: true,
    async prepare({ target, folder }) {
      const requests = join(folder, `${name}.requests`);
      writeRequests(requests, [{ method: 'GET', url: url(target.endpoints) }]);
      return { requests, order: 'loop', expected: { status: 200, marker } };
    },
  };
}
