import { ConnectionLost } from '../../src/platform/postgres/sqlstates.ts';
import { sendBytes } from '../support/clients/raw-http.ts';
import { DEMO_WEB, postForm } from '../support/clients/relying-party.ts';
import { aClient } from '../support/registrations/factories.ts';
import { recordedWhy } from '../support/servers/recorded-why.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const { client_id, client_secret } = DEMO_WEB;
const WEB = { client_id, client_secret, grant_type: 'refresh_token', refresh_token: 'x' };
const FORM = 'application/x-www-form-urlencoded';

/** So many requests of one address are too many. */
const PER_MINUTE = 3;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ config: { connections: { keepAliveMs: 60_000, requestMs: 600 } } });
});
afterAll(() => server.close());

const sent = (body: string | Buffer, headers: Record<string, string> = {}, path = '/auth/token') =>
  recordedWhy(server, fetch(`${server.url}${path}`, { method: 'POST', body, headers }));

describe('the form of a request says why it is refused', () => {
  it.each([
    [
      'a body that is too large',
      'x'.repeat(65_537),
      { 'content-type': FORM },
      {
        reason: 'body.too_large',
        came: { 'Content-Length': '65537' },
        expected: { 'Content-Length': 'at most 65536' },
      },
    ],
    [
      'a compressed body',
      'x',
      { 'content-type': FORM, 'content-encoding': 'gzip' },
      { reason: 'body.compressed', came: { 'Content-Encoding': 'gzip' } },
    ],
    [
      'a body that is not UTF-8',
      Buffer.from([0x61, 0x3d, 0xff]),
      { 'content-type': FORM },
      { reason: 'body.not_utf8' },
    ],
    [
      'a body of another type',
      'x',
      { 'content-type': 'text/plain' },
      {
        reason: 'body.other_type',
        came: { 'Content-Type': 'text/plain' },
        expected: { 'Content-Type': ['application/json', FORM] },
      },
    ],
    ['what is not JSON', '{', { 'content-type': 'application/json' }, { reason: 'body.not_json' }],
    ['a JSON list', '[]', { 'content-type': 'application/json' }, { reason: 'body.not_object' }],
    [
      'a NUL in JSON',
      '{"a":"\\u0000"}',
      { 'content-type': 'application/json' },
      { reason: 'body.broken_text' },
    ],
    [
      'a number in JSON',
      '{"code":1}',
      { 'content-type': 'application/json' },
      { reason: 'parameter.not_text', came: { parameter: 'code', type: 'number' } },
    ],
    [
      'a parameter that is not encoded',
      'scope=100%',
      { 'content-type': FORM },
      { reason: 'parameter.malformed', came: { parameter: 'scope' } },
    ],
    [
      'too many parameters',
      Array.from({ length: 101 }, (_, n) => `p${n}=x`).join('&'),
      { 'content-type': FORM },
      { reason: 'parameter.too_many', expected: { parameters: 'at most 100' } },
    ],
  ])('%s', async (_what, body, headers, expected) => {
    expect(await sent(body, headers)).toEqual(expected);
  });

  it('JSON where only a form is taken', async () => {
    expect(await sent('{}', { 'content-type': 'application/json' }, '/auth/introspect')).toEqual({
      reason: 'body.other_type',
      came: { 'Content-Type': 'application/json' },
      expected: { 'Content-Type': [FORM] },
    });
  });

  it('another method', async () => {
    expect(await recordedWhy(server, fetch(`${server.url}/auth/token`))).toEqual({
      reason: 'method.not_allowed',
      came: { method: 'GET' },
      expected: { method: ['POST', 'OPTIONS'] },
    });
  });

  it('a body that does not come', async () => {
    const head = `POST /auth/token HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM}\r\nContent-Length: 9\r\nX-Request-Id: slow\r\n\r\n`;
    expect(await sendBytes(Number(new URL(server.url).port), head)).toContain('HTTP/1.1 408');
    expect(await recordedWhy(server, Promise.resolve(withId('slow')))).toEqual({
      reason: 'request.too_slow',
    });
  });
});

describe('a limit says which one it is', () => {
  it('of requests, and of failures to authenticate', async () => {
    const limited = await startTestServer({
      env: { REQUESTS_PER_MINUTE: '0', FAILURES_PER_MINUTE: String(PER_MINUTE) },
    });
    const wrong = () => postForm(`${limited.url}/auth/token`, { ...WEB, client_secret: 'wrong' });
    for (let n = 0; n < PER_MINUTE; n += 1) await wrong();
    expect(await recordedWhy(limited, wrong())).toEqual({
      reason: 'limit.failures',
      expected: { per_minute: 'at most 3' },
    });
    await limited.close();
    const narrow = await startTestServer({ env: { REQUESTS_PER_MINUTE: String(PER_MINUTE) } });
    const ask = () => postForm(`${narrow.url}/auth/token`, { client_id: 'nobody' });
    for (let n = 0; n < PER_MINUTE; n += 1) await ask();
    expect(await recordedWhy(narrow, ask())).toEqual({
      reason: 'limit.requests',
      expected: { per_minute: 'at most 3' },
    });
    await narrow.close();
  });
});

describe('a failure says whose it is', () => {
  it('of a key that is not there yet', async () => {
    const { client_id: id, client_secret: secret } = await aClient(server, {
      id_token_signed_response_alg: 'ES256',
    });
    const code = { grant_type: 'authorization_code', code: 'x', redirect_uri: 'https://a.example/' };
    const asked = postForm(`${server.url}/auth/token`, { ...code, client_id: id, client_secret: secret });
    expect(await recordedWhy(server, asked)).toEqual({
      reason: 'service.key_missing',
      expected: { alg: 'ES256' },
    });
  });

  it('of the database, or of ours', async () => {
    const fails: { with?: Error } = {};
    const failing = await startTestServer({
      overrides: {
        clients: {
          signingAlgorithms: async () => [],
          async find() {
            if (fails.with) throw fails.with;
            return undefined;
          },
        },
      },
    });
    const ask = () => recordedWhy(failing, postForm(`${failing.url}/auth/token`, WEB));
    fails.with = new ConnectionLost('the connection broke');
    expect(await ask()).toEqual({ reason: 'service.database_away' });
    fails.with = new Error('a mistake');
    expect(await ask()).toEqual({ reason: 'service.failure' });
    await failing.close();
  });
});

/** The id names the record of a request whose answer was read as bytes. */
function withId(id: string): { headers: Headers } {
  return { headers: new Headers({ 'x-request-id': id }) };
}
