import { DEMO_SPA, DEMO_WEB } from '../../support/clients/relying-party.ts';
import { basic } from '../../support/clients/token-provider.ts';

export const FORM = 'application/x-www-form-urlencoded';
export const WEB_BASIC = basic(DEMO_WEB.client_id, DEMO_WEB.client_secret);
const CREDENTIALS = `client_id=${DEMO_WEB.client_id}&client_secret=${DEMO_WEB.client_secret}`;
const CODE = `grant_type=authorization_code&redirect_uri=${encodeURIComponent(DEMO_WEB.redirect_uri)}`;

/** A request, byte by byte. */
export interface Sent {
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
export const TOKEN_REQUESTS: Readonly<Record<string, Sent>> = {
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
  'a parameter twice in JSON, in another spelling': {
    headers: [['Content-Type', 'application/json']],
    body: `{"grant_type":"refresh_token","c\\u006fde":"x","code":"{code}","refresh_token":"x"}`,
  },
  'JSON with a NUL': {
    headers: [['Content-Type', 'application/json']],
    body: '{"grant_type":"refresh_token","refresh_token":"\\u0000"}',
  },
  'JSON with a mark of the byte order': {
    headers: [['Content-Type', 'application/json']],
    body: `\ufeff{"grant_type":"refresh_token"}`,
  },
  'JSON with members that change nothing': {
    headers: [['Content-Type', 'application/json']],
    body: JSON.stringify({ grant_type: 'authorization_code', code: '{code}', nonce: null, ...DEMO_WEB }),
  },
  'JSON with names of the language': {
    headers: [['Content-Type', 'application/json']],
    body: '{"__proto__":{"grant_type":"refresh_token"},"constructor":"x","grant_type":"refresh_token"}',
  },
  'JSON with bytes that are not UTF-8': {
    headers: [['Content-Type', 'application/json']],
    body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x22, 0x22, 0x7d]),
  },
  'a NUL as it is': { body: `${CODE}&code=a\0b&${CREDENTIALS}` },
  'a percent-encoded byte that is not UTF-8': { body: `${CODE}&code=%ff&${CREDENTIALS}` },
  'half a surrogate pair, percent-encoded': { body: `${CODE}&code=%ed%a0%80&${CREDENTIALS}` },
  'a plus and a percent-encoded space': {
    body: `grant_type=refresh_token&refresh_token=x&scope=openid+profile%20email&${CREDENTIALS}`,
  },
  'names in capitals': { body: `${CODE}&Code={code}&${CREDENTIALS}` },
  'parameters without values and names': { body: `&&${CODE}&code={code}&a&=b&=&scope=&${CREDENTIALS}&` },
  'more parameters than anybody reads': {
    body: `${CODE}&code={code}&${CREDENTIALS}&${'a=1&'.repeat(3000)}`,
  },
  'a body that is too large': { body: `${CODE}&code=${'x'.repeat(70_000)}&${CREDENTIALS}` },
  'another charset': {
    headers: [['Content-Type', `${FORM}; charset=iso-8859-1`]],
    body: Buffer.from(`${CODE}&code=%E9&state=\u00e9`, 'latin1'),
  },
  'a charset in quotes, and capitals': {
    headers: [['Content-Type', `Application/X-WWW-Form-Urlencoded;Charset="utf-8"`]],
    body: `${CODE}&code={code}&${CREDENTIALS}`,
  },
  'two media types': {
    headers: [
      ['Content-Type', FORM],
      ['Content-Type', 'application/json'],
    ],
    body: `${CODE}&code={code}&${CREDENTIALS}`,
  },
  'two lengths': {
    headers: [
      ['Content-Type', FORM],
      ['Content-Length', '3'],
    ],
    body: `${CODE}&code={code}&${CREDENTIALS}`,
  },
  'a length and chunks': {
    headers: [
      ['Content-Type', FORM],
      ['Transfer-Encoding', 'chunked'],
    ],
    body: '0\r\n\r\n',
    length: 5,
  },
  'chunks without a trailer': {
    headers: [
      ['Content-Type', FORM],
      ['Transfer-Encoding', 'chunked'],
    ],
    length: null,
    body: '18\r\ngrant_type=refresh_token&\r\n0\r\n\r\n',
  },
  'a trailer that nobody announced': {
    headers: [
      ['Content-Type', FORM],
      ['Transfer-Encoding', 'chunked'],
    ],
    length: null,
    body: '3\r\na=1\r\n0\r\nAuthorization: Basic eDp5\r\n\r\n',
  },
  'an empty Authorization header': {
    headers: [
      ['Content-Type', FORM],
      ['Authorization', ''],
    ],
    body: `${CODE}&code={code}&${CREDENTIALS}`,
  },
  'Basic credentials in odd spellings': {
    headers: [
      ['Content-Type', FORM],
      ['Authorization', WEB_BASIC.replace('Basic', 'bASIC').replaceAll('=', '')],
    ],
    body: `${CODE}&code={code}`,
  },
  'Basic credentials with a NUL': {
    headers: [
      ['Content-Type', FORM],
      ['Authorization', basic(DEMO_WEB.client_id, '\0')],
    ],
    body: `${CODE}&code={code}`,
  },
  'a proof that is none': {
    headers: [
      ['Content-Type', FORM],
      ['DPoP', 'x'],
    ],
    body: `${CODE}&code={code}&${CREDENTIALS}`,
  },
  'two proofs': {
    headers: [
      ['Content-Type', FORM],
      ['DPoP', 'x'],
      ['DPoP', 'y'],
    ],
    body: `${CODE}&code={code}&${CREDENTIALS}`,
  },
  'an assertion that is none': {
    body: `${CODE}&code={code}&client_assertion_type=${encodeURIComponent('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')}&client_assertion=x.y.z`,
  },
  'a code for a device': {
    body: `grant_type=${encodeURIComponent('urn:ietf:params:oauth:grant-type:device_code')}&device_code=x&${CREDENTIALS}`,
  },
};
