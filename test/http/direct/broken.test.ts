import { connect } from 'node:net';
import { jest } from '@jest/globals';
import { DEMO_WEB } from '../../support/clients/relying-party.ts';
import { basic } from '../../support/clients/token-provider.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { until } from '../../support/time/until.ts';
import { openWay, WAYS, type Way } from './two-ways.ts';

const HEAD = [
  'POST /auth/token HTTP/1.1',
  'Host: localhost',
  `Authorization: ${basic(DEMO_WEB.client_id, DEMO_WEB.client_secret)}`,
  'Content-Type: application/x-www-form-urlencoded',
];
const BODY = 'grant_type=refresh_token&refresh_token=x';
const whole = [...HEAD, `Content-Length: ${BODY.length}`, '', BODY].join('\r\n');
const unfinished = [...HEAD, 'Content-Length: 1000', '', BODY].join('\r\n');

describe('a connection that breaks, by the short way and by the long one', () => {
  let server: TestServer;
  let ways: Record<keyof typeof WAYS, Way>;
  beforeAll(async () => {
    server = await startTestServer();
    ways = { short: await openWay(server, WAYS.short), long: await openWay(server, WAYS.long) };
  });
  afterAll(async () => {
    await ways.short.close();
    await ways.long.close();
    await server.close();
  });

  /** The requests that are logged, without the parts that differ from one to the next. */
  const lines = () =>
    server
      .logLines()
      .filter(({ msg }) => msg === 'request')
      .map(({ time, ms, requestId, ...line }) => line);
  const nextLine = async (work: () => Promise<unknown>) => {
    const before = lines().length;
    const came = await work();
    await until('a line', () => lines().length > before);
    return { came, lines: lines().slice(before) };
  };
  const send = ({ port }: Way, bytes: string, then: (socket: ReturnType<typeof connect>) => void) =>
    new Promise<string>((ended) => {
      const chunks: Buffer[] = [];
      const socket = connect({ port, host: 'localhost', allowHalfOpen: true }, () => {
        socket.write(bytes, () => then(socket));
      });
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('error', () => {});
      socket.on('end', () => socket.end());
      socket.on('close', () => ended(comparable(Buffer.concat(chunks).toString('utf8'))));
    });
  const both = async (outcome: (way: Way) => Promise<unknown>) => {
    const short = await outcome(ways.short);
    expect(short).toEqual(await outcome(ways.long));
    return short;
  };

  it('before the body is there: it is refused, with every header and the client in the line', async () => {
    const outcome = await both((way) => nextLine(() => send(way, unfinished, (socket) => socket.end())));
    expect(outcome).toMatchObject({
      came: expect.stringMatching(
        /^HTTP\/1.1 400 Bad Request[\s\S]*content-security-policy:[\s\S]*x-request-id: ID/,
      ),
      lines: [{ status: 400, client: DEMO_WEB.client_id, clientIs: 'claimed', error: 'invalid_request' }],
    });
  });

  it('while the body comes: nobody is answered, and the line has no success', async () => {
    const outcome = await both((way) =>
      nextLine(() => send(way, unfinished, (socket) => setImmediate(() => socket.resetAndDestroy()))),
    );
    expect(outcome).toMatchObject({ came: '', lines: [{ status: 404, aborted: true }] });
  });

  it('while the endpoint works: the line has no success', async () => {
    const outcome = await both(async (way) => {
      const [atWork, mayAnswer] = [signal(), signal()];
      const { token } = server.services.endpoints;
      const { answer } = token;
      const spy = jest.spyOn(token, 'answer').mockImplementation(async (request) => {
        atWork.give();
        await mayAnswer.given;
        return answer(request);
      });
      const seen = await nextLine(() =>
        send(way, whole, (socket) => void atWork.given.then(() => socket.resetAndDestroy())),
      );
      mayAnswer.give();
      spy.mockRestore();
      return seen;
    });
    expect(outcome).toMatchObject({ came: '', lines: [{ status: 404, aborted: true }] });
  });
});

function signal(): { given: Promise<void>; give(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { given: promise, give: resolve };
}

/** An answer without what differs from one to the next, with its headers in one order. */
function comparable(text: string): string {
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const [status = '', ...headers] = head.split('\r\n');
  const kept = headers
    .map((line) =>
      line.replace(/^[^:]+/, (name) => name.toLowerCase()).replace(/^x-request-id: .*/, 'x-request-id: ID'),
    )
    .filter((line) => !line.startsWith('date:'));
  return [status, ...kept.sort(), body].filter((line) => line !== '').join('\n');
}
