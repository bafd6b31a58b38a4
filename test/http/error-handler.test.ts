import { once } from 'node:events';
import { createServer } from 'node:http';
import { Writable } from 'node:stream';
import Koa from 'koa';
import { errorHandler, errorReports, NOBODY_KNOWN } from '../../src/http/error-handler.ts';
import { createViews } from '../../src/http/pages/views.ts';
import { accessLog, accessRecords } from '../../src/http/records/access-log.ts';
import { listen } from '../../src/listen.ts';
import { createLogger } from '../../src/platform/log/logger.ts';
import { ConnectionLost } from '../../src/platform/postgres/sqlstates.ts';

const MANY = 40;

/** The log lines of requests that fail with `failure`. */
async function linesOf(failure: () => Error): Promise<Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  const logger = createLogger({ level: 'info', destination });
  const app = new Koa();
  app.use(accessLog(accessRecords({ logger, trustedProxies: [] })));
  app.use(errorHandler({ report: errorReports({ logger }), views: createViews(), findOwner: NOBODY_KNOWN }));
  app.use(() => {
    throw failure();
  });
  const server = createServer(app.callback());
  const port = await listen(server, '127.0.0.1', 0);
  await Promise.all(
    Array.from({ length: MANY }, async () => (await fetch(`http://127.0.0.1:${port}`)).text()),
  );
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
  return lines;
}

describe('while the database is away', () => {
  it('each request says why in its line, and one line a minute says it of the process, without a stack', async () => {
    const lines = await linesOf(() => new ConnectionLost('connect ECONNREFUSED 192.0.2.1:5432'));
    const requests = lines.filter(({ msg }) => msg === 'request');
    expect(requests).toHaveLength(MANY);
    for (const { status, error, detail } of requests)
      expect({ status, error, detail }).toEqual({
        status: 503,
        error: 'temporarily_unavailable',
        detail: 'connect ECONNREFUSED 192.0.2.1:5432',
      });
    expect(lines.filter(({ msg }) => msg !== 'request')).toEqual([
      {
        level: 'error',
        time: expect.any(String),
        detail: 'connect ECONNREFUSED 192.0.2.1:5432',
        msg: 'the database is away',
      },
    ]);
  });

  it('says what Postgres said, and not the statement', async () => {
    const failure = () =>
      Object.assign(new Error('select "a" - "b" from "t" - canceling statement due to statement timeout'), {
        code: '57014',
        severity: 'ERROR',
      });
    const [request] = (await linesOf(failure)).filter(({ msg }) => msg === 'request');
    expect(request).toMatchObject({ detail: 'canceling statement due to statement timeout' });
  });
});

describe('a fault of ours', () => {
  it('has the whole error for each request', async () => {
    const lines = await linesOf(() => new Error('a fault'));
    expect(lines.filter(({ msg }) => msg === 'unexpected error')).toHaveLength(MANY);
  });
});
