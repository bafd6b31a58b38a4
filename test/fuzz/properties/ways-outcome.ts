import { type Counts, changesBetween, comparableLine, countsOf } from '../../http/direct/consequences.ts';
import { withoutChance } from '../../tokens/recorder.ts';
import type { Watch } from '../watch.ts';
import type { World } from '../world.ts';

/** Everything that comes of a request: its answer, its log line, and the changes of rows and counters. */
export interface Outcome {
  status: number;
  headers: Record<string, string>;
  body: unknown;
  line: unknown;
  changed: Counts;
}

/** Sends a request, and waits for all that comes of it. */
export async function outcomeOfRequest(
  world: World,
  watch: Watch,
  {
    endpoint,
    secrets,
    send,
  }: { endpoint: string; secrets: readonly string[]; send(signal: AbortSignal): Promise<Response> },
): Promise<Outcome> {
  const before = await countsOf(world.server);
  let outcome: Outcome | undefined;
  await watch.during(
    () => [...secrets],
    async (signal) => {
      const answer = await send(signal);
      const body = await answer.text();
      watch.check({ endpoint, status: answer.status, headers: answer.headers, body });
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
}

/** @throws Error that names every value in which two outcomes differ. */
export function refuseDifferences(short: unknown, long: unknown): void {
  const [shortFacts, longFacts] = [factsOf(short), factsOf(long)];
  const differing = [...new Set([...shortFacts.keys(), ...longFacts.keys()])]
    .filter((name) => shortFacts.get(name) !== longFacts.get(name))
    .map(
      (name) => `${name}: ${shortFacts.get(name)} by the short way, ${longFacts.get(name)} by the long one`,
    );
  if (differing.length > 0) throw new Error(differing.join('\n'));
}

/** Every value of an outcome, by its path. */
function factsOf(value: unknown, path = 'outcome'): Map<string, string> {
  if (typeof value !== 'object' || value === null) return new Map([[path, JSON.stringify(value)]]);
  return new Map(Object.entries(value).flatMap(([name, member]) => [...factsOf(member, `${path}.${name}`)]));
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
