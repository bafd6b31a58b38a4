import { sendBytes } from '../../support/clients/raw-http.ts';
import { exchange, obtainCode, signIn } from '../../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { withoutChance } from '../../tokens/recorder.ts';
import { changesBetween, comparableRefusal, countsOf, lineOf } from './consequences.ts';
import { ODD_REQUESTS } from './odd-requests.ts';
import { FORM, type Sent } from './odd-token-requests.ts';
import { openWay, WAYS, type Way } from './two-ways.ts';

describe('a request by the short way and by the long one', () => {
  let server: TestServer;
  let ways: Record<keyof typeof WAYS, Way>;
  let tokens: Record<string, string>;
  let browser: Awaited<ReturnType<typeof signIn>>['browser'];
  /** Records of refusals. */
  let compared = 0;
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

  const answerTo = async (sent: Sent, { port, refused }: Way) => {
    const code = await obtainCode(server.url, {}, browser);
    const known: Record<string, string> = { ...tokens, code };
    const filled = (text: string) => text.replaceAll(/\{(\w+)\}/g, (whole, name) => known[name] ?? whole);
    const before = await countsOf(server);
    const text = await sendBytes(port, bytesOf(sent, filled));
    const [, requestId] = /^x-request-id: (.*)$/im.exec(text) ?? [];
    const line = requestId === undefined ? undefined : await lineOf(requestId.trim(), server.logLines);
    const changes = changesBetween(before, await countsOf(server));
    const recorded = refused.splice(0).map(comparableRefusal);
    compared += recorded.length;
    return { ...comparable(text, server.url), line, changes, recorded };
  };

  it.each(Object.entries(ODD_REQUESTS))('has one answer: %s', async (_name, sent) => {
    expect(await answerTo(sent, ways.short)).toEqual(await answerTo(sent, ways.long));
  });

  it('has one record, if it is refused', () => {
    expect(compared).toBeGreaterThan(50);
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
  return { status, headers, body: withoutChance(body.startsWith('{') ? JSON.parse(body) : body, issuer) };
}
