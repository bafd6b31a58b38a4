import fc from 'fast-check';
import type { Endpoint } from '../endpoints.ts';
import type { Live } from '../live.ts';
import type { World } from '../world.ts';
import { type Fault, fault } from './jwts.ts';
import { jwtOf } from './known-jwts.ts';
import type { Base } from './request-parts.ts';
import { illTyped, PARAMETERS, text, type Value, value } from './values.ts';

interface Change {
  in: 'parameters' | 'headers' | 'path';
  how: 'set' | 'remove' | 'again';
  /** Chooses a name of the request, or of any request. */
  nth: number;
  name: string;
  header: string;
  value: Value;
  text: string;
  /** In a JSON body, instead of the value. */
  json: string | null;
}

/** A request to an endpoint, and everything that is wrong with it. */
export interface FuzzRequest {
  endpoint: number;
  base: number;
  changes: Change[];
  /** Faults of one JWT of the request. */
  faults: Fault[];
  faultyJwt: number;
  body: 'usual' | 'json' | 'form' | 'garbage';
  tail: string;
}

const HEADERS =
  `authorization dpop origin x-forwarded-for x-forwarded-proto x-forwarded-host forwarded cookie accept
  sec-fetch-site referer accept-language if-none-match x-request-id content-type access-control-request-method`.split(
    /\s+/,
  );

const change: fc.Arbitrary<Change> = fc.record({
  in: fc.constantFrom('parameters', 'parameters', 'parameters', 'headers', 'path'),
  how: fc.constantFrom('set', 'set', 'set', 'remove', 'again'),
  nth: fc.nat({ max: 40 }),
  name: fc.constantFrom(...PARAMETERS),
  header: fc.constantFrom(...HEADERS),
  value,
  text: fc.oneof(
    text,
    fc.constantFrom(...'.. %2e%2e %00 a%2fb ; @ demo upstream self'.split(' '), 'a'.repeat(300)),
  ),
  json: fc.option(illTyped),
});

export function fuzzRequest(endpoints: readonly Endpoint[]): fc.Arbitrary<FuzzRequest> {
  // Those with the most ways through them most often; documents, HEAD and OPTIONS seldom.
  const reads = ({ parameters, path, headers }: Base) =>
    [parameters, path, headers?.authorization].some((read) => read !== undefined);
  const often = endpoints.map(({ method, bases }, index) => ({
    weight: method === 'GET' || method === 'POST' ? bases.filter(reads).length * 4 + 1 : 1,
    arbitrary: fc.constant(index),
  }));
  return fc.record({
    endpoint: fc.oneof(...often),
    base: fc.nat({ max: 20 }),
    changes: fc.array(change, { maxLength: 3 }),
    faults: fc.array(fault, { maxLength: 2 }),
    faultyJwt: fc.nat({ max: 2 }),
    body: fc.constantFrom('usual', 'usual', 'usual', 'usual', 'json', 'form', 'garbage'),
    tail: fc.oneof(
      { weight: 8, arbitrary: fc.constant('') },
      {
        weight: 1,
        arbitrary: fc.constantFrom('&', '&=', '&%', '&a=%ff', '&a=%00', '&a[b]=c', '&a=%ud800', '#'),
      },
    ),
  });
}

export interface Sent {
  endpoint: Endpoint;
  url: URL;
  init: RequestInit;
  /** The credentials in it, which no log line may hold. */
  secrets: string[];
}

/** The request as it goes over the wire, with JWTs that are signed now. */
export function written(
  request: FuzzRequest,
  { world, live, endpoints }: { world: World; live: Live; endpoints: readonly Endpoint[] },
): Sent {
  const endpoint = endpoints[request.endpoint] as Endpoint;
  const base = endpoint.bases[request.base % endpoint.bases.length] as Base;
  const secrets: string[] = [];
  const origin = endpoint.internal ? world.internalUrl : world.server.url;
  let jwts = 0;
  const resolve = (value: Value): string => {
    if (typeof value === 'string') return value;
    if ('json' in value) return value.json;
    if ('scheme' in value) return `${value.scheme} ${resolve(value.value)}`;
    if ('basic' in value)
      return `Basic ${Buffer.from(value.basic.map(resolve).join(':')).toString('base64')}`;
    const found =
      'live' in value
        ? (live[value.live] ?? '')
        : jwtOf(
            value.jwt,
            { world, live, method: endpoint.method, url: `${origin}${endpoint.path}` },
            jwts++ === request.faultyJwt ? request.faults : [],
          );
    secrets.push(found);
    return found;
  };

  const of = (where: Change['in']) => request.changes.filter((change) => change.in === where);
  const parameters = changed(base.parameters ?? {}, of('parameters'), ({ name }) => name);
  const headers = changed(base.headers ?? {}, of('headers'), ({ header }) => header);
  const names = [...endpoint.path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
  const path = Object.fromEntries(names.map((name) => [name, resolve(base.path?.[name] ?? 'x')]));
  // Nothing in the log hides other parts of a path than an interaction's id.
  for (const { how, nth, text } of of('path'))
    if (how === 'set' && names.length > 0) path[names[nth % names.length] ?? ''] = text;
  const pathname = endpoint.path.replace(/:(\w+)/g, (_, name) =>
    encodeURIComponent((path[name] ?? '').toWellFormed()),
  );

  const pairs = parameters.map(([name, value]) => [name, resolve(value)] as [string, string]);
  const members = pairs.map(([name, text], n) => {
    const value = parameters[n]?.[1];
    const isTyped = typeof value === 'object' && 'json' in value;
    return `${JSON.stringify(name)}:${isTyped ? text : JSON.stringify(text)}`;
  });
  const sentHeaders = new Headers();
  for (const [name, value] of headers) {
    const clean = resolve(value)
      .replace(/[^\t\x20-\x7e\x80-\xff]/g, '')
      .trim()
      .slice(0, 20_000);
    if (name === 'x-request-id' && secrets.includes(clean)) continue;
    sentHeaders.append(name, clean);
  }
  const url = new URL(pathname, origin);
  const init: RequestInit = { method: endpoint.method, headers: sentHeaders, redirect: 'manual' };
  const form = new URLSearchParams(pairs).toString() + request.tail;
  if (endpoint.method !== 'POST') url.search = form;
  else
    Object.assign(init, {
      body: bodyOf(request, base, { form, json: `{${members}}${request.tail}` }, sentHeaders),
    });
  return { endpoint, url, init, secrets: secrets.filter((secret) => secret.length >= 12) };
}

function bodyOf(
  { body, tail }: FuzzRequest,
  base: Base,
  { form, json }: { form: string; json: string },
  headers: Headers,
): string {
  const isJson = body === 'json' || (body !== 'form' && base.json === true);
  if (!headers.has('content-type'))
    headers.set('content-type', isJson ? 'application/json' : 'application/x-www-form-urlencoded');
  if (body === 'garbage') return `${form}%${tail}\ud800{"a":[`;
  return isJson ? json : form;
}

function changed(
  base: Readonly<Record<string, Value>>,
  changes: readonly Change[],
  anyName: (change: Change) => string,
): [string, Value][] {
  let entries = Object.entries(base);
  for (const change of changes) {
    const own = entries[change.nth % Math.max(1, entries.length)]?.[0];
    const name = change.nth % 3 === 0 || own === undefined ? anyName(change) : own;
    if (change.how !== 'again') entries = entries.filter(([other]) => other !== name);
    const { json } = change;
    if (change.how !== 'remove') entries = [...entries, [name, json === null ? change.value : { json }]];
  }
  return entries;
}
