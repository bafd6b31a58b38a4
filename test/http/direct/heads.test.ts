import { createServer, type RequestListener, type Server } from 'node:http';
import { connect } from 'node:net';
import { headWriter } from '../../../src/http/direct/heads.ts';
import { listen } from '../../../src/listen.ts';

let listed = 0;

/** Answers by our writer, and beside it by Node's alone. */
const KINDS: Record<string, () => RequestListener> = {
  ours() {
    const writeHead = headWriter();
    return (req, res) => {
      const [, status = '', requestId = '', body = '', extra = ''] = (req.url ?? '').split('/');
      writeHead(res, {
        status: Number(status),
        key: status + extra,
        headers: () => {
          listed += 1;
          return ['Content-Type', 'text/plain', ...extraOf(extra)];
        },
        requestId,
        bytes: body.length,
      });
      res.end(body, 'latin1');
    };
  },
  'Node’s': () => (req, res) => {
    const [, status = '', requestId = '', body = '', extra = ''] = (req.url ?? '').split('/');
    const headers = ['Content-Type', 'text/plain', ...extraOf(extra)];
    res.writeHead(Number(status), [
      ...headers,
      'X-Request-Id',
      requestId,
      'Content-Length',
      String(body.length),
    ]);
    res.end(body, 'latin1');
  },
};

const extraOf = (extra: string) => (extra === '' ? [] : ['Connection', extra]);

describe('the heads of answers are those of Node', () => {
  const servers: Server[] = [];
  const ports: Record<string, number> = {};
  beforeAll(async () => {
    for (const [kind, listener] of Object.entries(KINDS)) {
      const server = createServer({ keepAliveTimeout: 7000 }, listener());
      servers.push(server);
      ports[kind] = await listen(server, '127.0.0.1', 0);
    }
  });
  afterAll(async () => {
    for (const server of servers) await new Promise((closed) => server.close(closed));
  });

  /** All bytes that come back on one connection, with the requests one after another. */
  const bytesOf = (kind: string, requests: readonly string[]) =>
    new Promise<string>((ended, failed) => {
      let text = '';
      const socket = connect(ports[kind] ?? 0, '127.0.0.1', () => socket.write(requests.join('')));
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('error', failed);
      socket.on('end', () => ended(text.replaceAll(/^Date: .*\r$/gm, 'Date: …')));
    });
  const get = (target: string, version = '1.1', ...headers: string[]) =>
    [`GET ${target} HTTP/${version}`, 'Host: localhost', ...headers, '', ''].join('\r\n');
  const last = get('/200/last/end', '1.1', 'Connection: close');

  it.each([
    ['kept connections', [get('/200/a/one'), get('/200/b-2/other'), get('/200/a/'), last]],
    ['an id that looks like the rest', [get('/200/7/7777777'), get('/200/Content-Length/x'), last]],
    ['refusals', [get('/401/a/one'), get('/401/b/two'), get('/200/c/three'), last]],
    ['answers without a body', [get('/200/a/one'), get('/204/b/'), get('/204/c/'), get('/200/d/four'), last]],
    ['an answer that ends its connection', [get('/200/a/one'), get('/200/b/two/close')]],
    ['that answer again', [get('/200/a/one'), get('/200/b/two/close')]],
    ['HTTP/1.0', [get('/200/a/one'), get('/200/b/two', '1.0')]],
    ['HTTP/1.0 that stays', [get('/200/a/one'), get('/200/b/two', '1.0', 'Connection: keep-alive'), last]],
  ])('%s', async (_name, requests) => {
    const ours = await bytesOf('ours', requests);
    expect(ours).toBe(await bytesOf('Node’s', requests));
    expect(ours).toMatch(/^HTTP\/1\.1 \d{3} /);
  });

  it('and most of them need no list of headers', async () => {
    listed = 0;
    await bytesOf('ours', [get('/200/a/one').repeat(50), last]);
    expect(listed).toBeGreaterThan(0);
    expect(listed).toBeLessThan(40);
  });
});
