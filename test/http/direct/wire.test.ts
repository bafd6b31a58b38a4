import { sendBytes } from '../../support/clients/raw-http.ts';
import {
  ADA,
  DEMO_SPA,
  DEMO_WEB,
  exchange,
  obtainCode,
  signIn,
} from '../../support/clients/relying-party.ts';
import {
  basic,
  DEMO_APP,
  DEMO_BASIC,
  DEMO_SERVICE,
  ISSUE_TOKEN,
  JWKS,
} from '../../support/clients/token-provider.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { withoutChance } from '../../tokens/recorder.ts';
import { openWay, WAYS, type Way } from './two-ways.ts';

const FORM = 'application/x-www-form-urlencoded';
const WEB_BASIC = basic(DEMO_WEB.client_id, DEMO_WEB.client_secret);
const CREDENTIALS = `client_id=${DEMO_WEB.client_id}&client_secret=${DEMO_WEB.client_secret}`;
const CODE = `grant_type=authorization_code&redirect_uri=${encodeURIComponent(DEMO_WEB.redirect_uri)}`;

interface Sent {
  target?: string;
  method?: string;
  version?: string;
  /** In this order, also twice. */
  headers?: readonly [string, string][];
  body?: string | Buffer;
  /** The Content-Length; undefined for the right one, null for none. */
  length?: number | null;
}

/** Requests that look plain and are not, and spellings that are odd but valid. `{code}` is a new code each time. */
const REQUESTS: Readonly<Record<string, Sent>> = {
  'a plain exchange': { body: `${CODE}&code={code}&${CREDENTIALS}` },
  'an exchange in JSON': {
    headers: [['Content-Type', 'application/json']],
    body: JSON.stringify({ grant_type: 'authorization_code', code: '{code}', ...DEMO_WEB }),
  },
  'JSON with escapes': {
    headers: [['Content-Type', 'application/json']],
    body: `{"gr\\u0061nt_type":"authorization_code","code":"{code}","client_id":"${DEMO_WEB.client_id}","client_secret":"${DEMO_WEB.client_secret}","redirect_uri":"http:\\/\\/127.0.0.1:9999\\/callback"}`,
  },
  'JSON with half a surrogate pair': {
    headers: [['Content-Type', 'application/json']],
    body: '{"grant_type":"refresh_token","refresh_token":"\\ud800"}',
  },
  'JSON with a member twice': {
    headers: [['Content-Type', 'application/json']],
    body: '{"grant_type":"x","grant_type":"refresh_token"}',
  },
  'JSON with a member that is no text': {
    headers: [['Content-Type', 'application/json']],
    body: '{"grant_type":"refresh_token","refresh_token":5}',
  },
  'JSON that is a list': { headers: [['Content-Type', 'application/json']], body: '[]' },
  'a media type with a charset': {
    headers: [['Content-Type', `${FORM}; charset=UTF-8`]],
    body: `${CODE}&code={code}&${CREDENTIALS}`,
  },
  'another media type': {
    headers: [['Content-Type', 'text/plain']],
    body: `${CODE}&code={code}&${CREDENTIALS}`,
  },
  'no media type': { headers: [], body: `${CODE}&code={code}&${CREDENTIALS}` },
  'no body': { body: '' },
  'a parameter twice': { body: `${CODE}&code={code}&code=x&${CREDENTIALS}` },
  'a parameter twice, in another spelling': { body: `${CODE}&code={code}&%63ode=x&${CREDENTIALS}` },
  'the grant type twice': { body: `grant_type=refresh_token&${CODE}&code={code}&${CREDENTIALS}` },
  'an unknown parameter twice': { body: `${CODE}&code={code}&a=1&a=2&${CREDENTIALS}` },
  'a NUL': { body: `${CODE}&code=%00&${CREDENTIALS}` },
  'broken percent-encoding': { body: `${CODE}&code=%G0&${CREDENTIALS}` },
  'bytes that are not UTF-8': { body: Buffer.concat([Buffer.from(`${CODE}&code=`), Buffer.from([0xff])]) },
  'a body longer than it says': { body: `${CODE}&code=x&${CREDENTIALS}`, length: 10 },
  'a length of nothing': { body: '', length: 0 },
  'no length': { body: '', length: null },
  'a body of chunks with a trailer': {
    headers: [
      ['Content-Type', FORM],
      ['Transfer-Encoding', 'chunked'],
      ['Trailer', 'X-A'],
    ],
    length: null,
    body: '5\r\na=1&b\r\n0\r\nX-A: 1\r\n\r\n',
  },
  'a compressed body': {
    headers: [
      ['Content-Type', FORM],
      ['Content-Encoding', 'gzip'],
    ],
    body: 'x',
  },
  'a body that is not compressed, and says so': {
    headers: [
      ['Content-Type', FORM],
      ['Content-Encoding', 'identity'],
    ],
    body: `${CODE}&code={code}&${CREDENTIALS}`,
  },
  'an expectation': {
    headers: [
      ['Content-Type', FORM],
      ['Expect', '100-continue'],
    ],
    body: `${CODE}&code={code}&${CREDENTIALS}`,
  },
  'Basic credentials': {
    headers: [
      ['Content-Type', FORM],
      ['Authorization', WEB_BASIC],
    ],
    body: `${CODE}&code={code}`,
  },
  'a second Authorization header': {
    headers: [
      ['Content-Type', FORM],
      ['Authorization', WEB_BASIC],
      ['Authorization', basic('x', 'y')],
    ],
    body: `${CODE}&code={code}`,
  },
  'two ways to authenticate': {
    headers: [
      ['Content-Type', FORM],
      ['Authorization', WEB_BASIC],
    ],
    body: `${CODE}&code={code}&${CREDENTIALS}`,
  },
  'another scheme': {
    headers: [
      ['Content-Type', FORM],
      ['Authorization', 'Bearer x'],
    ],
    body: `${CODE}&code={code}`,
  },
  'a wrong secret': {
    headers: [
      ['Content-Type', FORM],
      ['Authorization', basic(DEMO_WEB.client_id, 'wrong')],
      ['Origin', 'http://127.0.0.1:9999'],
    ],
    body: `${CODE}&code={code}`,
  },
  'a query string': { target: '/auth/token?x=1', body: `${CODE}&code={code}&${CREDENTIALS}` },
  'an empty query string': { target: '/auth/token?', body: `${CODE}&code={code}&${CREDENTIALS}` },
  'an absolute target': {
    target: 'http://elsewhere.example/auth/token',
    body: `${CODE}&code={code}&${CREDENTIALS}`,
  },
  'another spelling of the path': { target: '/auth/toke%6e', body: `${CODE}&code={code}&${CREDENTIALS}` },
  'a slash behind the path': { target: '/auth/token/', body: `${CODE}&code={code}&${CREDENTIALS}` },
  'an origin of the client': {
    headers: [
      ['Content-Type', FORM],
      ['Origin', 'http://127.0.0.1:9999'],
    ],
    body: `${CODE}&code={code}&${CREDENTIALS}`,
  },
  'an origin of somebody else': {
    headers: [
      ['Content-Type', FORM],
      ['Origin', 'https://elsewhere.example'],
    ],
    body: `${CODE}&code={code}&${CREDENTIALS}`,
  },
  'the origin null': {
    headers: [
      ['Content-Type', FORM],
      ['Origin', 'null'],
    ],
    body: `${CODE}&code={code}&${CREDENTIALS}`,
  },
  'a browser that wants a page': {
    headers: [
      ['Content-Type', FORM],
      ['Accept', 'text/html'],
    ],
    body: `${CODE}&code=x&${CREDENTIALS}`,
  },
  'HTTP/1.0': { version: '1.0', body: `${CODE}&code={code}&${CREDENTIALS}` },
  'another method': { method: 'PUT', body: `${CODE}&code={code}&${CREDENTIALS}` },
  'a public client': {
    body: `${CODE}&code=x&client_id=${DEMO_SPA.client_id}&code_verifier=${'v'.repeat(43)}`,
  },
  'a scope with odd characters': {
    body: `grant_type=refresh_token&refresh_token=x&scope=%22&${CREDENTIALS}`,
  },
  'a request id that is not well-formed': {
    headers: [
      ['Content-Type', FORM],
      ['X-Request-Id', 'a b'],
    ],
    body: CODE,
  },
  userinfo: {
    method: 'GET',
    target: '/auth/userinfo',
    headers: [['Authorization', 'Bearer {access_token}']],
  },
  'userinfo in small letters': {
    method: 'GET',
    target: '/auth/userinfo',
    headers: [['authorization', 'bearer {access_token}']],
  },
  'userinfo with two spaces': {
    method: 'GET',
    target: '/auth/userinfo',
    headers: [['Authorization', 'Bearer  {access_token}']],
  },
  'userinfo with a body': {
    method: 'GET',
    target: '/auth/userinfo',
    headers: [['Authorization', 'Bearer {access_token}']],
    body: 'x',
  },
  'userinfo with an ID token': {
    method: 'GET',
    target: '/auth/userinfo',
    headers: [
      ['Authorization', 'Bearer {id_token}'],
      ['Origin', 'http://127.0.0.1:9999'],
    ],
  },
  'the head of userinfo': {
    method: 'HEAD',
    target: '/auth/userinfo',
    headers: [['Authorization', 'Bearer {access_token}']],
  },
  introspection: {
    target: '/auth/introspect',
    headers: [
      ['Content-Type', FORM],
      ['Authorization', WEB_BASIC],
    ],
    body: 'token={access_token}',
  },
  'introspection without credentials': { target: '/auth/introspect', body: 'token={access_token}' },
  'introspection in JSON': {
    target: '/auth/introspect',
    headers: [
      ['Content-Type', 'application/json'],
      ['Authorization', WEB_BASIC],
    ],
    body: '{"token":"x"}',
  },
  'a LiSTNR token for a backend': {
    target: ISSUE_TOKEN,
    headers: [
      ['Content-Type', 'application/json'],
      ['Authorization', DEMO_BASIC],
    ],
    body: JSON.stringify({ client_id: DEMO_SERVICE.id, subject: ADA.id }),
  },
  'a LiSTNR token for a person': {
    target: ISSUE_TOKEN,
    headers: [
      ['Content-Type', 'application/json; charset=utf-8'],
      ['Authorization', 'Bearer {id_token}'],
      ['Origin', 'http://127.0.0.1:9999'],
    ],
    body: JSON.stringify({ client_id: DEMO_APP, scope: 'read:profile' }),
  },
  'a LiSTNR request in a form': {
    target: ISSUE_TOKEN,
    headers: [
      ['Content-Type', FORM],
      ['Authorization', DEMO_BASIC],
      ['Origin', 'https://elsewhere.example'],
    ],
    body: `client_id=${DEMO_SERVICE.id}`,
  },
  'a LiSTNR request without a client': {
    target: ISSUE_TOKEN,
    headers: [
      ['Content-Type', 'application/json'],
      ['Authorization', DEMO_BASIC],
    ],
    body: '{}',
  },
  'a LiSTNR request that is no JSON': {
    target: ISSUE_TOKEN,
    headers: [['Content-Type', 'application/json']],
    body: '{',
  },
  'a LiSTNR request of a stranger': {
    target: ISSUE_TOKEN,
    headers: [
      ['Content-Type', 'application/json'],
      ['Origin', 'https://elsewhere.example'],
    ],
    body: '{"client_id":"nobody"}',
  },
  keys: { method: 'GET', target: '/auth/jwks', headers: [] },
  'keys of LiSTNR': { method: 'GET', target: JWKS, headers: [['If-None-Match', '"x"']] },
  'keys that the client has': { method: 'GET', target: JWKS, headers: [['If-None-Match', '*']] },
  discovery: {
    method: 'GET',
    target: '/.well-known/openid-configuration',
    headers: [['Accept', 'text/html']],
  },
};

describe('a request by the short way and by the long one', () => {
  let server: TestServer;
  let ways: Record<keyof typeof WAYS, Way>;
  let tokens: Record<string, string>;
  let browser: Awaited<ReturnType<typeof signIn>>['browser'];
  beforeAll(async () => {
    server = await startTestServer();
    ways = { short: await openWay(server, WAYS.short), long: await openWay(server, WAYS.long) };
    const { callback, ...rest } = await signIn(server.url);
    ({ browser } = rest);
    tokens = (await exchange(server.url, callback.get('code') ?? '')).body as typeof tokens;
    // The library makes each document once.
    for (const path of ['/auth/jwks', '/.well-known/openid-configuration']) await fetch(server.url + path);
  });
  afterAll(async () => {
    await ways.short.close();
    await ways.long.close();
    await server.close();
  });

  const answerTo = async (sent: Sent, { port }: Way) => {
    const code = await obtainCode(server.url, {}, browser);
    const known: Record<string, string> = { ...tokens, code };
    const filled = (text: string) => text.replaceAll(/\{(\w+)\}/g, (whole, name) => known[name] ?? whole);
    return comparable(await sendBytes(port, bytesOf(sent, filled)), server.url);
  };

  it.each(Object.entries(REQUESTS))('has one answer: %s', async (_name, sent) => {
    expect(await answerTo(sent, ways.short)).toEqual(await answerTo(sent, ways.long));
  });
});

function bytesOf(
  {
    method = 'POST',
    target = '/auth/token',
    version = '1.1',
    headers = [['Content-Type', FORM]],
    body,
    length,
  }: Sent,
  filled: (text: string) => string,
): Buffer {
  const content = typeof body === 'string' ? Buffer.from(filled(body)) : (body ?? Buffer.alloc(0));
  const announced = length === undefined ? content.length : length;
  const lines = [
    `${method} ${target} HTTP/${version}`,
    'Host: localhost',
    'Connection: close',
    ...headers.map(([name, value]) => `${name}: ${filled(value)}`),
    ...(announced === null || (body === undefined && length === undefined)
      ? []
      : [`Content-Length: ${announced}`]),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), content]);
}

/** An answer's status, headers in one order, and body, without the parts that differ from request to request. */
function comparable(text: string, issuer: string): object {
  const [head = '', ...rest] = text.replace(/^HTTP\/1.1 100 Continue\r\n\r\n/, '').split('\r\n\r\n');
  const [status = '', ...lines] = head.split('\r\n');
  const headers = lines
    .map((line) => line.replace(/^[^:]+/, (name) => name.toLowerCase()))
    .filter((line) => !/^(date|x-request-id):/.test(line))
    .sort();
  const body = rest.join('\r\n\r\n');
  return { status, headers, body: body.startsWith('{') ? withoutChance(JSON.parse(body), issuer) : body };
}
