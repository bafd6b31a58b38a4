import fc from 'fast-check';
import { addressReader } from '../../src/http/client-address.ts';
import { PROTOCOL_ROUTES } from '../../src/oidc/routes.ts';
import { mistakeOfSeed } from '../../src/platform/seeds/seed-grammar.ts';

/** Something that holds for every input. */
export interface Property {
  name: string;
  property: fc.IAsyncPropertyWithHooks<unknown[]>;
}

/** The parameters of all endpoints together, so that each endpoint also meets those of the others. */
const PARAMETERS = [
  ...[
    'client_id',
    'client_secret',
    'redirect_uri',
    'response_type',
    'response_mode',
    'scope',
    'state',
    'nonce',
  ],
  ...[
    'prompt',
    'max_age',
    'login_hint',
    'id_token_hint',
    'acr_values',
    'claims',
    'ui_locales',
    'display',
    'request',
  ],
  ...[
    'request_uri',
    'code_challenge',
    'code_challenge_method',
    'dpop_jkt',
    'resource',
    'grant_type',
    'code',
    'token',
  ],
  ...[
    'code_verifier',
    'refresh_token',
    'token_type_hint',
    'client_assertion',
    'client_assertion_type',
    'device_code',
  ],
  ...['user_code', 'xsrf', 'confirm', 'abort', 'post_logout_redirect_uri', '__proto__', 'constructor', ''],
];

/** Values that mean something, so that requests get beyond the first check. */
const KNOWN = [
  ...[
    'client_demo_web',
    'client_demo_spa',
    'demo-web-secret-not-for-production-0001',
    'code',
    'query',
    'form_post',
  ],
  ...[
    'http://127.0.0.1:9999/callback',
    'openid profile email offline_access',
    'none',
    'login',
    'consent',
    'S256',
  ],
  ...[
    'authorization_code',
    'refresh_token',
    'urn:ietf:params:oauth:grant-type:device_code',
    'access_token',
    '0',
  ],
  ...[
    'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    'a'.repeat(43),
    'BCDF-GHJK',
    '{"id_token":null}',
  ],
];

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ maxLength: 3000 }));
const part = fc
  .oneof(
    fc.json(),
    fc.constantFrom('{"alg":"none"}', '{"alg":"RS256","typ":"JWT"}', '{"sub":"a","exp":1e99}'),
    text,
  )
  .map((content) => Buffer.from(content).toString('base64url'));
/** JWTs: well-formed, with parts that are no JSON, and with too few or too many parts. */
const jwt = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('.'));
const value = fc.oneof(fc.constantFrom(...KNOWN), jwt, text);
const parameters = fc.array(fc.tuple(fc.constantFrom(...PARAMETERS), value), { maxLength: 12 });
const header = value
  .map((content) => content.replace(/[^\t\x20-\x7e\x80-\xff]/g, ''))
  .map((content) => content.trim());

const request = fc.record({
  route: fc.constantFrom(
    ...PROTOCOL_ROUTES.filter(({ methods }) => methods.some((method) => method !== 'OPTIONS')),
  ),
  post: fc.boolean(),
  json: fc.boolean(),
  uid: fc.stringMatching(/^[\w~.-]{1,40}$/),
  parameters,
  headers: fc.dictionary(
    fc.constantFrom(
      'authorization',
      'dpop',
      'origin',
      'x-forwarded-for',
      'x-forwarded-proto',
      'cookie',
      'accept',
    ),
    fc.oneof(
      header,
      jwt.map((token) => `Bearer ${token}`),
      jwt.map((token) => `DPoP ${token}`),
    ),
    { maxKeys: 4 },
  ),
});

/** No request to an endpoint of the protocol is answered with a fault of ours. */
export function requestsAreAnswered(url: string): Property {
  return {
    name: 'requests to the endpoints of the protocol',
    property: fc.asyncProperty(request, async ({ route, post, json, uid, parameters, headers }) => {
      const isPost = post && route.methods.includes('POST');
      const target = new URL(route.path.replace(':uid', uid), url);
      const form = new URLSearchParams(parameters);
      if (!isPost) target.search = form.toString();
      const answer = await fetch(target, {
        method: isPost || !route.methods.includes('GET') ? 'POST' : 'GET',
        redirect: 'manual',
        headers: { ...headers, ...(json && isPost ? { 'content-type': 'application/json' } : {}) },
        ...(isPost ? { body: json ? JSON.stringify(Object.fromEntries(parameters)) : form } : {}),
        signal: AbortSignal.timeout(20_000),
      });
      await answer.arrayBuffer();
      if (answer.status >= 500) throw new Error(`${answer.status} for ${target.pathname}`);
    }),
  };
}

const hop = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.tuple(fc.ipV4(), fc.nat()).map(([address, port]) => `${address}:${port}`),
  fc.ipV6().map((address) => `"[${address}]:1"`),
  fc.constantFrom('unknown', '', ' ', '::ffff:10.0.0.1', '127.1', '0x7f.1', '[::1', 'fe80::1%eth0'),
  text,
);

/** The client's address is that of the peer or of a hop in front of it, never a text that is no address. */
export const forwardedAddresses: Property = {
  name: 'forwarded addresses',
  property: fc.asyncProperty(
    fc.oneof(fc.ipV4(), fc.ipV6(), text),
    fc.array(hop, { maxLength: 20 }),
    async (peer, hops) => {
      const { address, throughProxy } = addressReader(['10.0.0.0/8', '::/1'])(peer, hops.join(','));
      if (address !== '' && !/^[0-9a-f.:]+$/.test(address)) throw new Error(`${address} is no address`);
      if (!throughProxy && address !== addressReader([])(peer, '').address)
        throw new Error('A peer that is no proxy was believed');
    },
  ),
};

const token = fc.oneof(
  fc.constantFrom(
    ...'SELECT INSERT INTO UPDATE SET DELETE FROM WITH a AS ( ) , ; * people grants VALUES WHERE 1 = UNION'.split(
      ' ',
    ),
    ...[
      "'a'",
      '"a"',
      '$$',
      '--',
      '/*',
      '*/',
      'TRUNCATE',
      'DROP',
      'TABLE',
      'pg_sleep(1)',
      'lower(',
      '::',
      'RETURNING',
    ],
  ),
  fc.string({ unit: 'binary', maxLength: 8 }).map((word) => word.replaceAll('\0', '')),
);

/** A seed is accepted or refused with a sentence. An accepted one names no foreign table and no foreign statement. */
export const seeds: Property = {
  name: 'seeds',
  property: fc.asyncProperty(fc.array(token, { maxLength: 40 }), async (tokens) => {
    const sql = tokens.join(' ');
    const mistake = await mistakeOfSeed(sql, new Set(['people']));
    if (mistake?.sentence === '') throw new Error('A refusal says nothing');
    if (!mistake && /^\s*(TRUNCATE|DROP)\b/.test(sql)) throw new Error('A foreign statement was accepted');
  }),
};
