import fc from 'fast-check';
import { directRoutes } from '../../src/app/direct.ts';
import { type Counts, changesBetween, comparableLine, countsOf } from '../http/direct/consequences.ts';
import { openWay, WAYS, type Way } from '../http/direct/two-ways.ts';
import { withoutChance } from '../tokens/recorder.ts';
import type { Endpoint } from './endpoints.ts';
import { goLive, type Live } from './live.ts';
import type { Property } from './property.ts';
import { type FuzzRequest, fuzzRequest, written } from './request.ts';
import type { Watch } from './watch.ts';
import type { World } from './world.ts';

/** After so many requests, most codes and tokens are used up. */
const LIVE_FOR_REQUESTS = 25;

/** Everything that comes of a request: its answer, its log line, and the changes of rows and counters. */
interface Outcome {
  status: number;
  headers: Record<string, string>;
  body: unknown;
  line: unknown;
  changed: Counts;
}

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
    const before = await countsOf(world.server);
    let outcome: Outcome | undefined;
    await watch.during(
      () => secrets,
      async (signal) => {
        const answer = await fetch(url, { ...init, signal });
        const body = await answer.text();
        watch.check({
          endpoint: `${endpoint.method} ${endpoint.path}`,
          status: answer.status,
          headers: answer.headers,
          body,
        });
        outcome = {
          status: answer.status,
          headers: comparable(answer.headers),
          body: withoutChance(readJson(body), world.server.url),
          line: await lineOf(world, answer.headers.get('x-request-id') ?? ''),
          changed: changesBetween(before, await countsOf(world.server)),
        };
      },
    );
    return outcome as Outcome;
  };
  return {
    name: 'hot requests by the short way and the long one',
    property: fc.asyncProperty(fuzzRequest(hot), async (request) => {
      const at = await prepare();
      const [short, long] = [
        await outcomeOf(request, lives[0] ?? {}, at.short),
        await outcomeOf(request, lives[1] ?? {}, at.long),
      ];
      const [shortFacts, longFacts] = [factsOf(short), factsOf(long)];
      const differing = [...new Set([...shortFacts.keys(), ...longFacts.keys()])]
        .filter((name) => shortFacts.get(name) !== longFacts.get(name))
        .map(
          (name) =>
            `${name}: ${shortFacts.get(name)} by the short way, ${longFacts.get(name)} by the long one`,
        );
      if (differing.length > 0) throw new Error(differing.join('\n'));
    }),
  };
}

/** Every value of an outcome, by its path. */
function factsOf(value: unknown, path = 'outcome'): Map<string, string> {
  if (typeof value !== 'object' || value === null) return new Map([[path, JSON.stringify(value)]]);
  return new Map(Object.entries(value).flatMap(([name, member]) => [...factsOf(member, `${path}.${name}`)]));
}

function hotEndpoints({ server: { services } }: World, endpoints: readonly Endpoint[]): Endpoint[] {
  const routes = directRoutes({ ...services, config: { ...services.config, direct: new Set(WAYS.short) } });
  return endpoints.filter(({ method, path, internal }) => !internal && routes.has(`${method} ${path}`));
}

/** In one order. Those of the connection and of the moment differ. */
function comparable(headers: Headers): Record<string, string> {
  const others = ['date', 'x-request-id', 'connection', 'keep-alive'];
  return Object.fromEntries([...headers].filter(([name]) => !others.includes(name)).sort());
}

function readJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

/** The log line of a request, which is written when its connection has the answer. */
async function lineOf({ lines }: World, requestId: string): Promise<unknown> {
  for (;;) {
    const line = lines
      .flatMap((text) => text.trim().split('\n'))
      .map((text) => JSON.parse(text))
      .find((one) => one.requestId === requestId && one.msg === 'request');
    if (line) return comparableLine(line);
    await new Promise(setImmediate);
  }
}
