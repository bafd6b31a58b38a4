import fc from 'fast-check';

/**
 * A value of a generated request: a text, something that a running server gave (`live`), or a JWT that is signed when
 * the request is sent. So a request is plain data, which fast-check can print and make smaller.
 */
export type Value =
  | string
  | { live: string }
  /** JSON of any type in a body of JSON; its text elsewhere. */
  | { json: string }
  | { jwt: JwtKind }
  | { basic: readonly [Value, Value] }
  | { scheme: string; value: Value };

/** The kinds of JWT that a server verifies, each signed with a key that it knows. */
export type JwtKind = 'client_assertion' | 'dpop' | 'id_token' | 'access_token' | 'external_id_token';

/** The parameters of all endpoints together, so that each endpoint also meets those of the others. */
export const PARAMETERS =
  `client_id client_secret redirect_uri response_type response_mode scope state nonce prompt
  max_age login_hint id_token_hint acr_values claims ui_locales display request request_uri code_challenge
  code_challenge_method dpop_jkt resource grant_type code token code_verifier refresh_token token_type_hint
  client_assertion client_assertion_type device_code user_code xsrf confirm abort post_logout_redirect_uri csrf email
  password decision instance iss error subject audience access_token __proto__ constructor toString a[b]`
    .split(/\s+/)
    .concat('');

/** Values that mean something somewhere. */
const KNOWN =
  `client_demo_web client_demo_spa demo-web-secret-not-for-production-0001 code query form_post fragment
  none login consent select_account S256 plain authorization_code refresh_token access_token 0 -1 1e400 NaN null
  urn:ietf:params:oauth:grant-type:device_code urn:ietf:params:oauth:client-assertion-type:jwt-bearer
  http://127.0.0.1:9999/callback https://evil.example/ javascript:alert(1) //evil.example BCDF-GHJK demo demo-app
  demo-service allow deny yes sign_out ada@demo.example {"id_token":null} {"userinfo":{"sub":{"value":[]}}} ../../etc
  [] {} true undefined a%00b % 203.0.113.7 10.0.0.1,203.0.113.7 "[2001:db8::1]:443" for=192.0.2.1;proto=https`
    .split(/\s+/)
    .concat('openid profile email offline_access', 'a'.repeat(43), 'x'.repeat(9000), '\0', ' ', '');

/** Text of any characters: controls, halves of surrogate pairs, bidirectional marks, and long text. */
export const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ maxLength: 3000 }),
  fc.constantFrom(
    '\ud800',
    '\u202eevil',
    'ﷺ'.repeat(500),
    'e\u0301'.repeat(50),
    '\ufeff',
    '<svg onload=alert(1)>',
  ),
);

/** A JWT that nobody signed: parts that are no JSON, and too few or too many of them. */
const unsigned = fc
  .array(
    fc
      .oneof(
        fc.json(),
        fc.constantFrom('{"alg":"none"}', '{"alg":"RS256","kid":1}', '{"sub":"a","exp":1e99}'),
        text,
      )
      .map((content) => Buffer.from(content).toString('base64url')),
    { minLength: 1, maxLength: 5 },
  )
  .map((parts) => parts.join('.'));

const deep = (levels: number, open: string, close: string) => open.repeat(levels) + close.repeat(levels);

/** JSON that is not of the type that a claim has: text, so that it may say more than JavaScript can hold. */
export const illTyped = fc.oneof(
  fc.constantFrom(
    ...`null true false 0 -1 1 1e999 -1e999 9007199254740993 1e-7 1.5 "NaN" "Infinity" "-1" "" "\\u0000" "\\ud800"
      "\\u202e" [] [null] [[]] {} {"__proto__":1} {"toString":1} ["a","a"] [0] "1700000000" "none" 99999999999
      99999999999999 -99999999999 8640000000000001`.split(/\s+/),
    '" "',
    JSON.stringify('a'.repeat(3000)),
    JSON.stringify('ﷺ'.repeat(500)),
    deep(500, '[', ']'),
    deep(300, '{"a":', '}').replace('{"a":}', '{"a":1}'),
  ),
  fc.json({ maxDepth: 3 }),
  fc.string({ unit: 'binary', maxLength: 300 }).map((content) => JSON.stringify(content)),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
);

/** Some value of a parameter, which may be another parameter's. */
export const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Value[]>(...KNOWN) },
  { weight: 3, arbitrary: text },
  { weight: 1, arbitrary: unsigned },
  { weight: 1, arbitrary: illTyped },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Value[]>(
      ...['access_token', 'id_token', 'refresh_token', 'code', 'request_uri', 'user_code'].map((live) => ({
        live,
      })),
      { jwt: 'id_token' },
      { jwt: 'access_token' },
      { jwt: 'client_assertion' },
    ),
  },
);
