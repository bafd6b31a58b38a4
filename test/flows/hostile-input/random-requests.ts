import { DEMO_SPA, DEMO_WEB } from '../../support/clients/relying-party.ts';

export interface RandomRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
}

const METHODS = ['GET', 'POST', 'HEAD', 'OPTIONS'];
/** Each address has the method that gets furthest, which is used most often. */
const ADDRESSES = [
  ['GET', '/auth/authorize'],
  ['POST', '/auth/authorize'],
  ['POST', '/auth/token'],
  ['POST', '/auth/token'],
  ['GET', '/auth/userinfo'],
  ['POST', '/auth/revoke'],
  ['POST', '/auth/introspect'],
  ['POST', '/auth/par'],
  ['GET', '/auth/jwks'],
  ['GET', '/auth/logout'],
  ['GET', '/auth/start'],
  ['GET', '/auth/authorize/abcdefghijklmnop'],
  ['GET', '/interaction/abcdefghijklmnop'],
  ['GET', '/.well-known/openid-configuration'],
] as const;
const NAMES = [
  'response_type',
  'client_id',
  'client_secret',
  'redirect_uri',
  'scope',
  'state',
  'nonce',
  'prompt',
  'max_age',
  'response_mode',
  'request',
  'request_uri',
  'sealed_request',
  'acr_values',
  'dpop_jkt',
  'id_token_hint',
  'login_hint',
  'claims',
  'code_challenge',
  'code_challenge_method',
  'grant_type',
  'code',
  'code_verifier',
  'refresh_token',
  'token',
  'token_type_hint',
  'access_token',
  'resource',
  '__proto__',
  'constructor',
  'a[b]',
  '',
];
/** Right, wrong and other values, so that some requests get deep into the server. */
const VALUES = [
  'code',
  'token',
  'openid',
  'openid profile email',
  'none',
  'login',
  'form_post',
  'fragment',
  'jwt',
  'form_post.jwt',
  'authorization_code',
  'refresh_token',
  'S256',
  'a'.repeat(43),
  'urn:ietf:params:oauth:request_uri:abc',
  '0',
  '-1',
  '',
  ' ',
  '%',
  "'",
  '"',
  '\u0000',
  '\n',
  '\ud83d\ude00',
  '<svg onload=alert(1)>',
  '{"id_token":{"sub":{"value":null}}}',
  '{"userinfo":{"name":null},"id_token":{"acr":{"essential":true,"values":["a"]}}}',
  '../../etc/passwd',
  'e30.e30.e30',
  'a'.repeat(5000),
  DEMO_WEB.client_id,
  DEMO_WEB.client_secret,
  DEMO_WEB.redirect_uri,
  DEMO_SPA.client_id,
];
const FORM = 'application/x-www-form-urlencoded';
const TYPES = [FORM, FORM, FORM, FORM, 'application/json', 'text/plain', 'application/json; charset="'];

/** Requests made of random right and wrong parts. The same `seed` makes the same requests. */
export function randomRequests(
  count: number,
  { seed, known }: { seed: number; known: readonly string[] },
): RandomRequest[] {
  const random = generator(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const values = [...VALUES, ...known];
  const parameters = () =>
    Array.from({ length: Math.floor(random() * 7) }, () => [pick(NAMES), pick(values)] as [string, string]);
  const spoil = (text: string) =>
    random() < 0.15 ? text.replace(/%../, () => pick(['%', '%ff', '%00', '%u0041', '\\'])) : text;

  return Array.from({ length: count }, () => {
    const [usual, address] = pick(ADDRESSES);
    const method = random() < 0.9 ? usual : pick(METHODS);
    const query = spoil(String(new URLSearchParams(parameters())));
    const type = pick(TYPES);
    const form = spoil(String(new URLSearchParams(parameters())));
    const json = JSON.stringify(random() < 0.8 ? Object.fromEntries(parameters()) : parameters());
    const credentials = btoa(`${DEMO_WEB.client_id}:${pick([DEMO_WEB.client_secret, 'wrong', ''])}`);
    const headers = {
      accept: pick(['*/*', 'text/html', 'application/json', 'nonsense']),
      ...(random() < 0.5
        ? { authorization: pick([`Basic ${credentials}`, `Bearer ${known[0]}`, 'Basic', 'a b c']) }
        : {}),
      ...(random() < 0.3
        ? { origin: pick(['null', 'http://127.0.0.1:9999', 'https://evil.example', '*']) }
        : {}),
      ...(random() < 0.3
        ? { cookie: pick(['listo_session_demo=a; listo_session_demo.sig=b', '=;=', 'listo_resume=%']) }
        : {}),
      'content-type': type,
    };
    const path = `${address}${random() < 0.7 ? `?${query}` : ''}`;
    return method === 'POST'
      ? { method, path, headers, body: type.startsWith('application/json') ? json : form }
      : { method, path, headers };
  });
}

/** Mulberry32: small, fast, and the same on every machine. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
