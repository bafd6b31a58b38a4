import { createServer } from 'node:http';
import { connect } from 'node:net';
import { Writable } from 'node:stream';
import { jest } from '@jest/globals';
import Koa from 'koa';
import { accessLog, accessRecords } from '../../src/http/records/access-log.ts';
import { listen } from '../../src/listen.ts';
import { createLogger } from '../../src/platform/log/logger.ts';
import { startTestServer } from '../support/servers/test-server.ts';
import { until } from '../support/time/until.ts';

const warnings = (lines: Record<string, unknown>[]) =>
  lines
    .filter(({ level }) => level === 'warn')
    .map(({ peer, msg }) => ({ peer: String(peer).replace('::1', '127.0.0.1'), msg }));

describe('a request', () => {
  it('has a line that is no longer than it needs to be, whatever was asked for', async () => {
    const server = await startTestServer();
    await fetch(`${server.url}/${'a'.repeat(60_000)}`);
    const [line] = server.logLines().filter(({ msg }) => msg === 'request');
    expect(line?.path).toBe(`/${'a'.repeat(255)}`);
    await server.close();
  });

  it.each(['/auth/authorize?client_id=x', '/nowhere'])(
    'whose connection breaks says so in its line, and nowhere else: %s',
    async (path) => {
      const server = await startTestServer();
      const printed = jest.spyOn(console, 'error').mockReturnValue();
      const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
      const aborted = () => server.logLines().filter((line) => line.aborted);
      // It is a race whether the connection breaks before its answer.
      await until('one broke early enough', async () => {
        const socket = connect(server.port, 'localhost', () => socket.write(request.repeat(50), reset));
        const reset = () => setImmediate(() => socket.resetAndDestroy());
        await new Promise((closed) => socket.once('close', closed));
        return aborted().length > 0;
      });
      expect(printed.mock.calls).toEqual([]);
      printed.mockRestore();
      await server.close();
    },
  );
});

describe('a line of level debug', () => {
  it.each(['/healthz', '/readyz', '/readyz/listnr', '/assets/tokens.css'])(
    'is all that %s has',
    async (path) => {
      const lines: Record<string, unknown>[] = [];
      const destination = new Writable({
        write(chunk, _encoding, done) {
          lines.push(JSON.parse(String(chunk)));
          done();
        },
      });
      const app = new Koa();
      app.use(
        accessLog(
          accessRecords({ logger: createLogger({ level: 'debug', destination }), trustedProxies: [] }),
        ),
      );
      const server = createServer(app.callback());
      const port = await listen(server, '127.0.0.1', 0);
      for (const asked of [path, `/other${path}`])
        await (await fetch(`http://127.0.0.1:${port}${asked}`)).text();
      await until('both are logged', () => lines.length === 2);
      expect(lines.map(({ level, path }) => ({ level, path }))).toEqual([
        { level: 'debug', path },
        { level: 'info', path: `/other${path}` },
      ]);
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  );
});

describe('a proxy', () => {
  it('that nobody listed is named once in the log', async () => {
    const server = await startTestServer();
    const ask = (headers: Record<string, string>) => fetch(`${server.url}/healthz`, { headers });
    await ask({});
    expect(warnings(server.logLines())).toEqual([]);
    await ask({ 'x-forwarded-for': '203.0.113.7:51234' });
    await ask({ 'x-forwarded-for': '203.0.113.8' });
    expect(warnings(server.logLines())).toEqual([
      {
        peer: '127.0.0.1',
        msg: 'A proxy that is not listed in TRUSTED_PROXIES hands requests on: everybody behind it counts as one client. Add its address or network.',
      },
    ]);
    await server.close();
  });

  it('that is listed, and names no client, is named once in the log', async () => {
    const server = await startTestServer({ env: { TRUSTED_PROXIES: '127.0.0.0/8, ::1' } });
    for (const forwardedFor of ['203.0.113.7,', 'unix:', '203.0.113.7'])
      await fetch(`${server.url}/healthz`, { headers: { 'x-forwarded-for': forwardedFor } });
    expect(warnings(server.logLines())).toEqual([
      {
        peer: '127.0.0.1',
        msg: 'A proxy of TRUSTED_PROXIES wrote something into X-Forwarded-For that is no address. Everybody whom it names like that counts as one client: the proxy itself.',
      },
    ]);
    await server.close();
  });

  it('that is listed tells who asks, whatever it puts around the address, and in several headers', async () => {
    const server = await startTestServer({ env: { TRUSTED_PROXIES: '::ffff:127.0.0.0/104, ::1' } });
    for (const forwardedFor of [
      ['203.0.113.7:51234'],
      ['[2001:DB8::1]:443'],
      ['::FFFF:cb00:7107'],
      ['198.51.100.1, unknown, 203.0.113.7', '127.0.0.2'],
    ]) {
      const headers = new Headers();
      for (const value of forwardedFor) headers.append('x-forwarded-for', value);
      await fetch(`${server.url}/nowhere`, { headers });
    }
    expect(warnings(server.logLines())).toEqual([]);
    expect(
      server
        .logLines()
        .filter(({ msg }) => msg === 'request')
        .map(({ ip }) => ip),
    ).toEqual(['203.0.113.7', '2001:db8::1', '203.0.113.7', '203.0.113.7']);
    await server.close();
  });
});
