import type { createServer, RequestListener, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { createHttpServer } from '../../../src/http/connections/http-server.ts';
import { createLogger } from '../../../src/platform/log/logger.ts';
import { sendBytes } from '../../support/clients/raw-http.ts';
import { until } from '../../support/time/until.ts';

const SLOW = 'GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n';
const NO_HOST = 'GET /secret HTTP/1.1\r\n\r\n';

/** Answers at once. Only requests for /slow wait until the test answers them. */
function createApplication(): { held: ServerResponse[]; listener: RequestListener } {
  const held: ServerResponse[] = [];
  return {
    held,
    listener(req, res) {
      if (req.url === '/slow') held.push(res);
      else res.end('ok');
    },
  };
}

describe('what comes behind a request that takes its time', () => {
  const { held, listener } = createApplication();
  const counted: number[] = [];
  const sockets: Socket[] = [];
  let server: ReturnType<typeof createServer>;
  let port: number;

  beforeAll(async () => {
    server = createHttpServer(
      {
        limits: { keepAliveMs: 60_000, requestMs: 30_000 },
        logger: createLogger({ level: 'silent' }),
        onUnread: ({ status }) => counted.push(status),
      },
      listener,
    );
    server.on('connection', (socket) => sockets.push(socket));
    await new Promise<void>((listening) => server.listen(0, 'localhost', listening));
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    held.length = counted.length = sockets.length = 0;
  });

  /** Serves other connections in turn, so that the server has read the waiting bytes. */
  async function othersAreServed(): Promise<void> {
    const quick = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';
    for (let n = 0; n < 30; n += 1) expect(await sendBytes(port, quick)).toContain('200 OK');
  }

  it('is not read before its turn, and then it is answered', async () => {
    const large = `GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: ${'a'.repeat(60_000)}\r\n`;
    const answered = sendBytes(port, `${SLOW}${`${large}\r\n`.repeat(60)}${large}Connection: close\r\n\r\n`);
    await until('the slow request has come', () => held.length === 1);
    await othersAreServed();
    expect(sockets[0]?.bytesRead).toBeLessThan(200_000);
    held[0]?.end('slow');
    expect((await answered).match(/HTTP\/1\.1 200 OK/g)?.length).toBe(62);
  });

  it('is refused once, however often it is no request', async () => {
    const answered = sendBytes(port, SLOW + NO_HOST.repeat(50));
    await until('the slow request has come', () => held.length === 1);
    await othersAreServed();
    expect(held[0]?.listenerCount('close')).toBeLessThan(5);
    held[0]?.end('slow');
    expect((await answered).match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
    expect(counted).toEqual([400]);
  });

  it('is too much where it is no request, as where it is one', async () => {
    expect(await sendBytes(port, SLOW + NO_HOST.repeat(150))).toBe('');
    expect(counted).toEqual([]);
  });

  it('may be a tunnel whose client resets the connection', async () => {
    const socket = connect(port, 'localhost', () =>
      socket.write(`${SLOW}CONNECT secret:443 HTTP/1.1\r\nHost: localhost\r\n\r\n`),
    );
    await until('the slow request has come', () => held.length === 1);
    await othersAreServed();
    socket.resetAndDestroy();
    // Only a write notices the reset, since Node no longer reads.
    await until('the server has noticed', () => {
      held[0]?.write('slow');
      return sockets[0]?.destroyed === true;
    });
    await othersAreServed();
    expect(counted).toEqual([]);
  });
});
