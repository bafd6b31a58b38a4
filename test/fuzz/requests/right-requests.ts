import { ADA } from '../../support/clients/relying-party.ts';
import { DEVICE_CLIENT, DPOP_CLIENT, KEYS_CLIENT, UPSTREAM_CLIENT, UPSTREAM_INSTANCE } from '../world.ts';
import { listnr, listnrBasic, ofClient, token, userinfo } from './client-requests.ts';
import { OF_PEOPLE } from './people-requests.ts';
import {
  type Base,
  basic,
  bearer,
  browsing,
  CHALLENGE,
  challenge,
  client_id,
  cookie,
  hint,
  proof,
  spa,
  type Values,
  web,
} from './request-parts.ts';

const authorize: Base[] = [
  { parameters: web, headers: browsing },
  { parameters: { ...web, prompt: 'none', id_token_hint: hint, max_age: '100' }, headers: cookie('session') },
  {
    parameters: { ...web, prompt: 'login', login_hint: 'ada@demo.example', id_token_hint: hint },
    headers: browsing,
  },
  { parameters: { ...spa, prompt: 'consent', response_mode: 'form_post' }, headers: cookie('session') },
  {
    parameters: { ...web, ...challenge, client_id: DPOP_CLIENT, dpop_jkt: CHALLENGE, nonce: 'n' },
    headers: browsing,
  },
  { parameters: { ...web, client_id: UPSTREAM_CLIENT, max_age: '0', login_hint: 'x' }, headers: browsing },
  { parameters: { client_id, request_uri: { live: 'request_uri' } }, headers: cookie('session') },
];

const signOut: Base[] = [
  {
    parameters: {
      id_token_hint: hint,
      client_id,
      state: 's',
      post_logout_redirect_uri: 'http://localhost:3000/demo',
    },
    headers: cookie('session'),
  },
  { parameters: { id_token_hint: hint }, headers: browsing },
  { parameters: { instance: 'demo', client_id }, headers: cookie('session') },
];

const inPage = (of: string, form: Values = {}): Base[] => [
  {
    parameters: { csrf: { live: `${of}.csrf` }, client_id, ...form },
    headers: { ...browsing, ...cookie(of) },
    path: { uid: { live: `${of}.uid` } },
  },
];
const upstreamAnswer: Values = { code: { live: 'upstream.code' }, state: { live: 'upstream.state' } };
const withUid: Base[] = ['password', 'consent', 'upstream'].map((of) => ({
  headers: { ...browsing, ...cookie(of) },
  path: { uid: { live: `${of}.uid` } },
}));
export const preflight: Base[] = [
  {
    headers: {
      origin: 'http://127.0.0.1:9999',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization, dpop',
    },
  },
];
const plain: Base[] = [
  { headers: browsing },
  { headers: { 'if-none-match': '"a"', accept: 'application/json' } },
];
const demo: Base[] = [
  { parameters: { csrf: { live: 'demo.csrf' } }, headers: { ...browsing, ...cookie('demo') } },
];

/** The answer of a browser, to a challenge that nobody made. */
const A_PASSKEY = JSON.stringify({
  id: 'AAAA',
  rawId: 'AAAA',
  type: 'public-key',
  clientExtensionResults: {},
  response: {
    clientDataJSON: Buffer.from('{"type":"webauthn.get","challenge":"AAAA"}').toString('base64url'),
    authenticatorData: Buffer.alloc(37).toString('base64url'),
    signature: 'AAAA',
  },
});

/**
 * The requests for each route, by its path: `GET` serves HEAD, too, and OPTIONS has the same requests everywhere. A
 * test fails when a route has none here.
 */
export const BASES: Readonly<Record<string, Readonly<Record<string, readonly Base[]>>>> = {
  ...OF_PEOPLE,
  '/': { GET: plain },
  '/healthz': { GET: plain },
  '/readyz': { GET: plain },
  '/readyz/listnr': { GET: plain },
  '/assets/:name': { GET: [{ path: { name: 'style.css' } }] },
  '/assets/theme/:file': { GET: [{ path: { file: 'demo.css' } }, { path: { file: '0b6e4f.css' } }] },
  '/interaction/:uid': { GET: withUid },
  '/interaction/:uid/account': { GET: withUid, POST: inPage('consent') },
  '/interaction/:uid/another': { GET: withUid },
  '/interaction/:uid/sign-in': {
    GET: withUid,
    POST: [
      ...inPage('password', { email: ADA.email, password: 'a wrong password of somebody' }),
      ...inPage('password', { email: 'nobody@demo.example', password: ADA.password }),
    ],
  },
  '/interaction/:uid/second-factor': { GET: withUid, POST: inPage('password', { code: '123456' }) },
  '/interaction/:uid/recovery-code': { GET: withUid, POST: inPage('password', { code: 'abcd-efgh' }) },
  '/interaction/:uid/set-up-factor': {
    GET: withUid,
    POST: inPage('password', { secret: 'sealed', code: '123456' }),
  },
  '/interaction/:uid/go-on': { GET: withUid, POST: inPage('password') },
  '/interaction/:uid/passkey': { GET: withUid, POST: inPage('password', { answer: A_PASSKEY }) },
  '/interaction/:uid/second-factor/passkey': {
    GET: withUid,
    POST: inPage('password', { answer: A_PASSKEY }),
  },
  '/interaction/:uid/set-up-factor/passkey': {
    GET: withUid,
    POST: inPage('password', { answer: A_PASSKEY }),
  },
  '/interaction/:uid/consent': {
    GET: withUid,
    POST: [...inPage('consent', { decision: 'allow' }), ...inPage('consent', { decision: 'deny' })],
  },
  '/interaction/:uid/abort': { GET: withUid, POST: [...inPage('password'), ...inPage('consent')] },
  '/interaction/:uid/upstream/:instance': {
    GET: [
      {
        parameters: upstreamAnswer,
        headers: cookie('upstream'),
        path: { uid: { live: 'upstream.uid' }, instance: UPSTREAM_INSTANCE },
      },
    ],
  },
  '/auth/upstream/callback/:instance': {
    GET: [{ parameters: upstreamAnswer, path: { instance: UPSTREAM_INSTANCE } }],
  },
  '/auth/logout': { GET: signOut, POST: signOut },
  '/auth/start': { GET: [{ parameters: { client_id, login_hint: 'ada@demo.example' } }] },
  '/auth/logout/confirm': {
    GET: plain,
    POST: [
      {
        parameters: { csrf: { live: 'logout.csrf' }, instance: 'demo', decision: 'stay', client_id },
        headers: { ...browsing, ...cookie('session') },
      },
    ],
  },
  '/auth/logout/success': {
    GET: [...plain, { parameters: { client_id } }, { parameters: { instance: 'demo' } }],
  },
  '/v1/listnr-token-provider/issue-token': { POST: listnr },
  '/v1/listnr-token-provider/jwks': { GET: plain },
  '/auth/authorize': { GET: authorize, POST: authorize },
  '/auth/authorize/:uid': { GET: withUid },
  '/auth/token': { POST: token },
  '/auth/userinfo': {
    GET: userinfo,
    POST: [...userinfo, { parameters: { access_token: { jwt: 'access_token' } } }],
  },
  '/auth/revoke': {
    POST: [
      ...ofClient({ token: { jwt: 'access_token' } }),
      ...ofClient({ token: { live: 'refresh_token' }, token_type_hint: 'refresh_token' }),
    ],
  },
  '/auth/introspect': {
    POST: [
      ...ofClient({ token: { jwt: 'access_token' } }),
      ...ofClient({ token: { live: 'refresh_token' } }),
      ...ofClient({ token: { jwt: 'access_token' } }).map((base) => ({
        ...base,
        headers: { ...base.headers, accept: 'application/token-introspection+jwt' },
      })),
    ],
  },
  '/auth/explain': {
    GET: [{ parameters: { request_id: '0b0cf1f5-58c5-4b0d-a3a5-4b1f1c2ff3f6' }, headers: browsing }],
    POST: [
      ...ofClient({ request_id: '0b0cf1f5-58c5-4b0d-a3a5-4b1f1c2ff3f6' }),
      { parameters: { request_id: 'x' }, headers: { authorization: basic }, json: true },
    ],
  },
  '/v1/listnr-token-provider/explain': {
    POST: [
      { parameters: { request_id: 'x' }, headers: listnrBasic },
      { parameters: { request_id: 'x' }, headers: listnrBasic, json: true },
      { parameters: { request_id: 'x' }, headers: bearer(hint) },
    ],
  },
  '/auth/par': {
    POST: ofClient({ ...web, ...challenge, id_token_hint: hint }).map((base) => ({
      ...base,
      headers: { ...base.headers, ...proof },
    })),
  },
  '/auth/device_authorization': {
    POST: [
      { parameters: { client_id: DEVICE_CLIENT, scope: 'openid' } },
      ...ofClient({ client_id: KEYS_CLIENT }),
    ],
  },
  '/auth/device': {
    GET: [
      { parameters: { user_code: { live: 'user_code' } }, headers: browsing },
      { parameters: { user_code: { live: 'user_code' } }, headers: cookie('device') },
    ],
    POST: [
      {
        parameters: { user_code: { live: 'user_code' }, xsrf: { live: 'device.xsrf' }, confirm: 'yes' },
        headers: { ...browsing, ...cookie('device') },
      },
      { parameters: { user_code: 'BCDF-GHJK' }, headers: browsing },
    ],
  },
  '/auth/device/:uid': { GET: withUid },
  '/auth/jwks': { GET: plain },
  '/.well-known/openid-configuration': { GET: plain },
  '/.well-known/oauth-authorization-server': { GET: plain },
  '/demo': { GET: demo },
  '/demo/sign-in': { GET: demo },
  '/demo/callback': {
    GET: [{ parameters: { code: { live: 'code' }, state: 's', iss: 'x' }, headers: cookie('demo') }],
  },
  '/demo/consent': { GET: demo },
  '/demo/consent/sign-in': { GET: demo },
  '/demo/consent/callback': {
    GET: [{ parameters: { code: { live: 'code' }, state: 's', iss: 'x' }, headers: cookie('demo') }],
  },
  '/demo/device': { GET: demo },
  '/demo/device/start': { GET: demo },
  '/demo/device/check': { GET: plain, POST: demo },
  '/demo/userinfo': { GET: plain, POST: demo },
  '/demo/refresh': { GET: plain, POST: demo },
  '/demo/listnr-token': { GET: plain, POST: demo },
  '/demo/listnr-verification': { GET: plain, POST: demo },
  '/demo/sign-out': { GET: plain, POST: demo },
};

/** Those of the operators' port. */
export const INTERNAL: Readonly<Record<string, readonly Base[]>> = {
  '/metrics': plain,
  '/healthz': plain,
  '/readyz': plain,
};
