import fc from 'fast-check';
import type { Endpoint } from '../endpoints.ts';
import { goLive, type Live } from '../live.ts';
import type { Property } from '../property.ts';
import { type FuzzRequest, fuzzRequest, written } from '../requests/request.ts';
import type { Watch } from '../watch.ts';
import type { World } from '../world.ts';

/** Single requests use codes up, end sessions and sign out, so that others would no longer get far. */
const LIVE_FOR_REQUESTS = 60;

/** Each request to any endpoint, right but for a few faults, is answered as documented. */
export function requestsAreAnswered(world: World, watch: Watch, endpoints: readonly Endpoint[]): Property {
  let live: Live = {};
  let left = 0;
  const alive = async (): Promise<Live> => {
    if (left === 0) {
      live = await goLive(world);
      left = LIVE_FOR_REQUESTS;
    }
    left -= 1;
    return live;
  };
  const send = async (request: FuzzRequest, signal: AbortSignal) => {
    const { endpoint, url, init, secrets } = written(request, { world, live, endpoints });
    const answer = await fetch(url, { ...init, signal });
    const got = {
      endpoint: `${endpoint.method} ${endpoint.internal ? 'internal:' : ''}${endpoint.path}`,
      status: answer.status,
      headers: answer.headers,
      body: await answer.text(),
    };
    watch.check(got);
    return secrets;
  };
  return {
    name: 'requests to every endpoint',
    property: fc.asyncProperty(fuzzRequest(endpoints), async (request) => {
      await alive();
      let secrets: string[] = [];
      await watch.during(
        () => secrets,
        async (signal) => {
          secrets = await send(request, signal);
        },
      );
    }),
  };
}
