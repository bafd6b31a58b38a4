import { connect, type Socket } from 'node:net';
import { sendBytes } from '../../support/clients/raw-http.ts';
import { DEMO_WEB } from '../../support/clients/relying-party.ts';
import { recordedWhy } from '../../support/servers/recorded-why.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

const FORM = 'application/x-www-form-urlencoded';
/** Short limits, so that the test does not wait for half a minute. */
const SHORT = { connections: { keepAliveMs: 60_000, requestMs: 600 } };

const head = (lines: string[], start = 'POST /auth/token HTTP/1.1') =>
  [start, 'Host: localhost', ...lines, '', ''].join('\r\n');
const health = head([], 'GET /healthz HTTP/1.1');

/** The answers on a connection, in order. */
function answers(text: string): { status: number; close: boolean; body: unknown }[] {
  return text
    .split(/(?=HTTP\/1\.1 \d{3})/)
    .filter(Boolean)
    .map((answer) => {
      const [front = '', ...body] = answer.split('\r\n\r\n');
      return {
        status: Number(front.slice(9, 12)),
        close: /^connection: close$/im.test(front),
        body: front.startsWith('HTTP/1.1 100') ? undefined : JSON.parse(body.join('\r\n\r\n')),
      };
    });
}

const refused = (status: number, description: string) => ({
  status,
  close: true,
  body: { error: 'invalid_request', error_description: description },
});
const LATE = refused(408, 'The request did not arrive in time: the head has 0.3 seconds, the whole 0.6.');
const TOO_LARGE = refused(413, 'The body is larger than 64 KiB.');
const HEALTHY = { status: 200, close: false, body: { status: 'ok' } };

describe('a connection', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ config: SHORT });
  });
  afterAll(() => server.close());

  const send = async (bytes: string | Buffer) => answers(await sendBytes(server.port, bytes));
  const lines = (msg: string) => server.logLines().filter((line) => line.msg === msg);

  it('is not answered while its other side has sent nothing, and ends', async () => {
    const before = lines('request refused unread').length;
    expect(await sendBytes(server.port, '')).toBe('');
    expect(lines('request refused unread').length).toBe(before);
  });

  it.each([
    ['a head that does not end', 'GET /healthz HTTP/1.1\r\nHost: local', 408],
    ['the first byte of a head', 'G', 408],
    ['a body that does not come', head([`Content-Type: ${FORM}`, 'Content-Length: 100']), 408],
    ['a body that stops', `${head([`Content-Type: ${FORM}`, 'Content-Length: 100'])}client_id=`, 408],
    ['a chunk that stops', `${head([`Content-Type: ${FORM}`, 'Transfer-Encoding: chunked'])}5\r\nabc`, 408],
  ])('is answered 408 and closed after %s', async (_what, bytes) => {
    expect(await send(bytes)).toEqual([LATE]);
  });

  it('is closed under a body that comes a byte at a time, and the request is in the log', async () => {
    const before = lines('request').length;
    expect(await trickle(server.port, head([`Content-Type: ${FORM}`, 'Content-Length: 60000']))).toEqual([
      LATE,
    ]);
    expect(lines('request').slice(before)).toEqual([
      expect.objectContaining({ path: '/auth/token', status: 408, error: 'invalid_request' }),
    ]);
  });

  it('is closed under a head that comes a byte at a time', async () => {
    expect(await trickle(server.port, 'GET /healthz HTTP/1.1\r\nX-Slow: ')).toEqual([LATE]);
  });

  it('is closed without a second answer where a request was answered before its body came', async () => {
    const before = lines('request refused unread').length;
    const bytes = head(['Content-Length: 100'], 'POST /nowhere HTTP/1.1');
    expect((await send(bytes)).map(({ status }) => status)).toEqual([404]);
    expect((await send(`${bytes}abc`)).map(({ status }) => status)).toEqual([404]);
    expect(lines('request refused unread').length).toBe(before);
  });

  it('may be idle for longer than a request may take', async () => {
    const socket = connect(server.port, 'localhost');
    const received = collect(socket);
    socket.write(health);
    await received.until((text) => text.includes('{"status":"ok"}'));
    // Meanwhile another connection, opened while this one was idle, is closed for being late.
    expect(await send('G')).toEqual([LATE]);
    socket.write(`${health}`);
    await received.until((text) => text.match(/"ok"/g)?.length === 2);
    socket.destroy();
    expect(answers(received.text())).toEqual([HEALTHY, HEALTHY]);
    expect(received.text()).toContain('Keep-Alive: timeout=60\r\n');
  });
});

describe('what is no request', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const send = async (bytes: string | Buffer) => answers(await sendBytes(server.port, bytes));
  const unread = () => server.logLines().filter(({ msg }) => msg === 'request refused unread');
  const HEAD_TOO_LARGE = refused(
    431,
    'The head of the request is larger than 64 KiB or has more than 500 fields.',
  );
  const malformed = refused(400, 'The request is not well-formed HTTP.');

  it.each([
    [
      'a head above 64 KiB',
      head([`Authorization: Bearer ${'secret'.repeat(12_000)}`]),
      HEAD_TOO_LARGE,
      'HPE_HEADER_OVERFLOW',
    ],
    [
      'an address above 64 KiB',
      head([], `GET /healthz?${'secret'.repeat(12_000)} HTTP/1.1`),
      HEAD_TOO_LARGE,
      'HPE_HEADER_OVERFLOW',
    ],
    [
      'more fields than anybody sends',
      head(
        ['X-Secret: secret\r\n'.repeat(499).trimEnd(), 'X-Forwarded-For: 203.0.113.7'],
        'GET /healthz HTTP/1.1',
      ),
      HEAD_TOO_LARGE,
      'TOO_MANY_FIELDS',
    ],
    ['another protocol', 'HELO secret\r\n\r\n', malformed, 'HPE_INVALID_METHOD'],
    ['TLS', Buffer.from('160301020001000', 'hex'), malformed, 'HPE_INVALID_METHOD'],
    [
      'two lengths',
      head(['Content-Length: 5', 'Transfer-Encoding: chunked']),
      malformed,
      'HPE_INVALID_TRANSFER_ENCODING',
    ],
    [
      'a tunnel',
      head([], 'CONNECT secret:443 HTTP/1.1'),
      refused(405, 'This address does not take that method.'),
      'CONNECT',
    ],
    ['no Host', 'GET /secret HTTP/1.1\r\n\r\n', refused(400, 'The request has no Host header.'), 'NO_HOST'],
  ])('is answered and logged, and its content is not: %s', async (_what, bytes, answer, reason) => {
    const before = unread().length;
    expect(await send(bytes)).toEqual([answer]);
    const [line, ...more] = unread().slice(before);
    expect(more).toEqual([]);
    expect({ ...line, time: undefined }).toEqual({
      level: 'info',
      msg: 'request refused unread',
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      status: answer.status,
      reason,
      detail: expect.stringMatching(/\w/),
      ip: expect.stringMatching(/^(127\.0\.0\.1|::1)$/),
      time: undefined,
      ...(line?.unlogged ? { unlogged: expect.any(Number) } : {}),
    });
    expect(JSON.stringify(server.logLines())).not.toContain('secret');
  });

  it('is answered behind the answers of the requests before it', async () => {
    expect(await send(`${health}${health}HELO\r\n\r\n`)).toEqual([HEALTHY, HEALTHY, malformed]);
  });

  it('is counted, and cannot fill the log', async () => {
    const before = unread().length;
    const floods = await Promise.all(Array.from({ length: 60 }, () => send('HELO\r\n\r\n')));
    expect(floods.every(([answer]) => answer?.status === 400)).toBe(true);
    expect(unread().length - before).toBeLessThan(60);
    const text = await server.services.metrics.registry.getSingleMetricAsString(
      'listo_unread_requests_total',
    );
    const count = /status="400"\} (\d+)/.exec(text)?.[1];
    const logged = unread().filter(({ status }) => status === 400);
    const unlogged = logged.reduce((sum, line) => sum + Number(line.unlogged ?? 0), 0);
    expect(Number(count)).toBeGreaterThanOrEqual(60 + before - 4);
    expect(logged.length + unlogged).toBeLessThanOrEqual(Number(count));
  });

  it('has an id, by which the operator finds out why', async () => {
    const bytes = head([`Authorization: Bearer ${'secret'.repeat(12_000)}`]);
    const [, id = ''] = /^X-Request-Id: (\S+)\r$/m.exec(await sendBytes(server.port, bytes)) ?? [];
    const answered = Promise.resolve({ headers: new Headers({ 'x-request-id': id }) });
    expect(await recordedWhy(server, answered)).toEqual({ reason: 'head.too_large' });
  });
});

describe('a body that nobody wants', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ env: { REQUESTS_PER_MINUTE: '1000' } });
  });
  afterAll(() => server.close());

  const send = async (bytes: string | Buffer) => answers(await sendBytes(server.port, bytes));
  const endless = 'a'.repeat(1_000_000);
  const chunk = `${endless.length.toString(16)}\r\n${endless}\r\n`;

  it.each([
    ['announced', head([`Content-Type: ${FORM}`, 'Content-Length: 100000000'])],
    ['announced by a byte', head([`Content-Type: ${FORM}`, 'Content-Length: 65537'])],
    ['chunked', `${head([`Content-Type: ${FORM}`, 'Transfer-Encoding: chunked'])}${chunk}`],
  ])('is answered as soon as it is too large, and the connection closed: %s', async (_what, bytes) => {
    expect(await send(bytes)).toEqual([TOO_LARGE]);
  });

  it('is answered before it is sent where the client waits to be told', async () => {
    const expecting = (length: number) =>
      head([
        `Content-Type: ${FORM}`,
        `Content-Length: ${length}`,
        'Expect: 100-continue',
        'Connection: close',
      ]);
    expect(await send(expecting(65_537))).toEqual([TOO_LARGE]);
    const body = new URLSearchParams({ ...DEMO_WEB, grant_type: 'password' }).toString();
    expect((await send(expecting(body.length) + body)).map(({ status }) => status)).toEqual([100, 400]);
  });

  it('may not be larger by what is written between its chunks', async () => {
    const bytes = `${head([`Content-Type: ${FORM}`, 'Transfer-Encoding: chunked'])}1;${'a'.repeat(20_000)}`;
    expect(await send(bytes)).toEqual([refused(413, 'The chunk extensions of the body are too large.')]);
  });

  it('takes another protocol, that a client would rather speak, for none', async () => {
    const lines = ['Connection: Upgrade, close', 'Upgrade: websocket'];
    expect((await send(head(lines, 'GET /healthz HTTP/1.1'))).map(({ status }) => status)).toEqual([200]);
  });

  it('takes another expectation for none', async () => {
    expect(await send(head(['Expect: magic', 'Connection: close'], 'GET /healthz HTTP/1.1'))).toEqual([
      { ...HEALTHY, close: true },
    ]);
  });

  it('is not read on where the address takes none', async () => {
    const get = (lines: string[]) => head(lines, 'GET /healthz HTTP/1.1');
    expect(await send(get(['Content-Length: 100000000']) + endless)).toEqual([{ ...HEALTHY, close: true }]);
    expect(await send(get(['Transfer-Encoding: chunked']) + chunk)).toEqual([HEALTHY]);
    expect(await send(head(['Transfer-Encoding: chunked'], 'POST /nowhere HTTP/1.1') + chunk)).toEqual([
      expect.objectContaining({ status: 404 }),
    ]);
  });

  it('does not end the connection where it is of ordinary length', async () => {
    const bytes = `${head(['Content-Length: 5'], 'POST /nowhere HTTP/1.1')}hello${head(['Connection: close'], 'GET /healthz HTTP/1.1')}`;
    expect((await send(bytes)).map(({ status }) => status)).toEqual([404, 200]);
  });

  it('may be sent to the end, and the answer is still there to be read', async () => {
    const all = await Promise.all(
      Array.from({ length: 30 }, () =>
        fetch(`${server.url}/auth/token`, {
          method: 'POST',
          headers: { 'content-type': FORM },
          body: 'a'.repeat(8_000_000),
        }).then(async (answer) => ({ status: answer.status, body: await answer.json() })),
      ),
    );
    expect(all).toEqual(Array.from({ length: 30 }, () => ({ status: 413, body: TOO_LARGE.body })));
  });
});

describe('requests that do not wait for each other', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  it('are served one after another on one connection, and more than a hundred waiting end it', async () => {
    const last = head(['Connection: close'], 'GET /healthz HTTP/1.1');
    const many = answers(await sendBytes(server.port, health.repeat(100) + last));
    expect(many).toEqual([...Array.from({ length: 100 }, () => HEALTHY), { ...HEALTHY, close: true }]);
    expect(await sendBytes(server.port, health.repeat(150))).toBe('');
  });
});

/** Sends a byte every few milliseconds until the server closes. */
function trickle(port: number, start: string): Promise<ReturnType<typeof answers>> {
  return new Promise((done) => {
    let ticks: NodeJS.Timeout | undefined;
    const socket = connect(port, 'localhost', () => {
      socket.write(start);
      ticks = setInterval(() => socket.write('a'), 20);
    });
    const received = collect(socket);
    socket.on('error', () => {});
    socket.on('end', () => clearInterval(ticks));
    socket.on('close', () => {
      clearInterval(ticks);
      done(answers(received.text()));
    });
  });
}

function collect(socket: Socket): {
  text(): string;
  until(enough: (text: string) => boolean): Promise<void>;
} {
  let text = '';
  const waiting = new Set<() => void>();
  socket.on('data', (chunk) => {
    text += chunk;
    for (const look of waiting) look();
  });
  return {
    text: () => text,
    until: (enough) =>
      new Promise((done) => {
        const look = () => {
          if (!enough(text)) return;
          waiting.delete(look);
          done();
        };
        waiting.add(look);
        look();
      }),
  };
}

describe('a server that stops', () => {
  it('waits no longer than at any other time for a body that does not come', async () => {
    const server = await startTestServer({ config: SHORT });
    const socket = connect(server.port, 'localhost');
    const received: Buffer[] = [];
    const begun = new Promise((done) => socket.once('data', done));
    const ended = new Promise((done) => socket.once('close', done));
    socket.on('data', (chunk) => received.push(chunk));
    socket.write(head([`Content-Type: ${FORM}`, 'Content-Length: 100', 'Expect: 100-continue']));
    await begun;
    await Promise.all([server.close(), ended]);
    const [, answer] = answers(Buffer.concat(received).toString());
    expect(answer).toEqual(LATE);
  });
});
