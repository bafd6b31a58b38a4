import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { adaClaims } from '../support/token-provider.ts';
import type { Endpoint } from './endpoints.ts';
import { type Fault, fault, privateKey, signedJwt } from './jwts.ts';
import type { Live } from './live.ts';
import type { Base } from './request-parts.ts';
import { type JwtKind, PARAMETERS, text, type Value, value } from './values.ts';
import { EXTERNAL_ISSUER, KEYS_CLIENT, type World } from './world.ts';

interface Change {
  in: 'parameters' | 'headers' | 'path';
  how: 'set' | 'remove' | 'again';
  /** Chooses a name of the request, or of any request. */
  nth: number;
  name: string;
  header: string;
  value: Value;
  text: string;
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
});

export function fuzzRequest(endpoints: readonly Endpoint[]): fc.Arbitrary<FuzzRequest> {
  // Those with the most ways through them most often, and HEAD and OPTIONS seldom.
  const often = endpoints.map(({ method, bases }, index) => ({
    weight: method === 'GET' || method === 'POST' ? bases.length * 3 : 1,
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
  else Object.assign(init, { body: bodyOf(request, base, pairs, form, sentHeaders) });
  return { endpoint, url, init, secrets: secrets.filter((secret) => secret.length >= 12) };
}

function bodyOf(
  { body, tail }: FuzzRequest,
  { json }: Base,
  pairs: [string, string][],
  form: string,
  headers: Headers,
): string {
  const isJson =
    body === 'json' || (body === 'usual' && json === true) || (body === 'garbage' && json === true);
  if (!headers.has('content-type'))
    headers.set('content-type', isJson ? 'application/json' : 'application/x-www-form-urlencoded');
  if (body === 'garbage') return `${form}%${tail}\ud800{"a":[`;
  return isJson ? JSON.stringify(Object.fromEntries(pairs)) + tail : form;
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
    if (change.how !== 'remove') entries = [...entries, [name, change.value]];
  }
  return entries;
}

/** A JWT of this kind that the server accepts here, but for its faults. */
function jwtOf(
  kind: JwtKind,
  { world, live, method, url }: { world: World; live: Live; method: string; url: string },
  faults: readonly Fault[],
): string {
  const { server, clientKey, externalKey } = world;
  const [now, jti] = [Math.floor(Date.now() / 1000), crypto.randomUUID()];
  const ours = () => privateKey(server.services.keyRings.oidc.privateJwks.keys[0] ?? {});
  const sign = (header: Record<string, unknown>, claims: Record<string, unknown>, key: KeyObject) =>
    signedJwt({ header, claims, key, alg: String(header.alg) }, faults);
  const accessToken = live.access_token ?? '';
  switch (kind) {
    case 'client_assertion': {
      const claims = { iss: KEYS_CLIENT, sub: KEYS_CLIENT, aud: server.url, jti, iat: now, exp: now + 60 };
      return sign({ alg: 'ES256', kid: clientKey.kid }, claims, privateKey(clientKey));
    }
    case 'dpop': {
      const key = privateKey(clientKey);
      const jwk = createPublicKey(key).export({ format: 'jwk' });
      const ath = createHash('sha256').update(accessToken).digest('base64url');
      return sign({ typ: 'dpop+jwt', alg: 'ES256', jwk }, { jti, htm: method, htu: url, iat: now, ath }, key);
    }
    case 'id_token': {
      const { kid } = server.services.keyRings.oidc.current;
      return sign({ alg: 'RS256', kid, typ: 'JWT' }, { ...adaClaims(server) }, ours());
    }
    case 'access_token':
      return sign({ ...decodeProtectedHeader(accessToken) }, decodeJwt(accessToken), ours());
    case 'external_id_token': {
      const claims = {
        iss: EXTERNAL_ISSUER,
        aud: 'listo-demo',
        sub: 'them',
        iat: now,
        exp: now + 600,
        auth_time: now,
        email: 'a@b.example',
        email_verified: true,
        name: 'A B',
      };
      return sign({ alg: 'RS256', kid: externalKey.kid, typ: 'JWT' }, claims, privateKey(externalKey));
    }
  }
}
