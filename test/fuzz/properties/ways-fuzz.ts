import fc from 'fast-check';
import { directRoutes } from '../../../src/app/direct.ts';
import { openWay, WAYS, type Way } from '../../http/direct/two-ways.ts';
import type { Endpoint } from '../endpoints.ts';
import { goLive, type Live } from '../live.ts';
import type { Property } from '../property.ts';
import { type FuzzRequest, fuzzRequest, written } from '../requests/request.ts';
import type { Watch } from '../watch.ts';
import type { World } from '../world.ts';
import { type Outcome, outcomeOfRequest, refuseDifferences } from './ways-outcome.ts';

/** After so many requests, most codes and tokens are used up. */
const LIVE_FOR_REQUESTS = 25;

/**
 * Each request comes to the same by the short way and by the long one. Two honest worlds of codes and tokens go through
 * the same requests, one by each way.
 */
export function waysAreAlike(world: World, watch: Watch, endpoints: readonly Endpoint[]): Property {
  const hot = hotEndpoints(world, endpoints);
  let ways: Record<keyof typeof WAYS, Way> | undefined;
  let lives: Live[] = [];
  let left = 0;
  const prepare = async () => {
    ways ??= { short: await openWay(world.server, WAYS.short), long: await openWay(world.server, WAYS.long) };
    if (left === 0) {
      lives = [await goLive(world), await goLive(world)];
      left = LIVE_FOR_REQUESTS;
    }
    left -= 1;
    return ways;
  };
  const outcomeOf = async (request: FuzzRequest, live: Live, { port }: Way): Promise<Outcome> => {
    const { endpoint, url, init, secrets } = written(request, { world, live, endpoints: hot });
    url.port = String(port);
    return outcomeOfRequest(world, watch, {
      endpoint: `${endpoint.method} ${endpoint.path}`,
      secrets,
      send: (signal) => fetch(url, { ...init, signal }),
    });
  };
  return {
    name: 'hot requests by the short way and the long one',
    property: fc.asyncProperty(fuzzRequest(hot), async (request) => {
      const at = await prepare();
      const [short, long] = [
        await outcomeOf(request, lives[0] ?? {}, at.short),
        await outcomeOf(request, lives[1] ?? {}, at.long),
      ];
      refuseDifferences(short, long);
    }),
  };
}

function hotEndpoints({ server: { services } }: World, endpoints: readonly Endpoint[]): Endpoint[] {
  const routes = directRoutes({ ...services, config: { ...services.config, direct: new Set(WAYS.short) } });
  return endpoints.filter(({ method, path, internal }) => !internal && routes.get(path)?.method === method);
}
