/**
 * One process, or a primary with its workers. A primary that serves nothing itself never loads the server, so that it
 * takes little memory.
 */
import cluster from 'node:cluster';
import { existsSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import type Koa from 'koa';
import { collectStart } from './collect-start.ts';
import { type Config, readConfig } from './config.ts';
import { STOP_WITHIN_MS } from './http/connections/front.ts';
import { listen } from './listen.ts';
import { OperatorError } from './platform/errors.ts';
import { createLogger, type Logger } from './platform/log/logger.ts';
import { logNotices } from './platform/log/notices.ts';
import type { RunningServer } from './server.ts';
import type { Level } from './workers/messages.ts';
import { joinPrimary, type Primary } from './workers/primary.ts';
import { CANNOT_START, Workers } from './workers/workers.ts';

/**
 * A terminal, npm and our own primary each pass on one Ctrl-C. A later one comes from a person who does not want to
 * wait.
 */
const SAME_SIGNAL_MS = 1000;
/** After this much more time, the primary ends a worker that did not stop. */
const OVERDUE_MS = 5000;
const ENDED_BY_SIGNAL = 130;

const primary = cluster.isWorker ? joinPrimary() : undefined;
/** Sentences for the person who starts the server; as lines of the log where nobody sits at a terminal. */
const sentences = createLogger({ level: 'info', destination: process.stderr });

try {
  const config = readConfig();
  const logger = createLogger({ level: config.logLevel });
  logNotices(logger);
  if (config.workers > 1 && !primary) await runPrimary(config, logger);
  else await runServer(config, logger, primary);
} catch (error) {
  await fail(error);
}

async function runPrimary(config: Config, logger: Logger): Promise<void> {
  const internal = config.internalPort === undefined ? undefined : createServer();
  if (internal) await listen(internal, config.host, config.internalPort ?? 0, 'INTERNAL_PORT');
  const workers = new Workers({
    count: config.workers,
    logger,
    print: write,
  });
  internal?.on(
    'request',
    loadedOnDemand(async () => (await import('./internal-app.ts')).createClusterInternalApp(workers)),
  );
  onSignal((signal) => workers.stop(signal, config.drainSeconds * 1000 + STOP_WITHIN_MS + OVERDUE_MS), {
    again: () => workers.kill(),
  });
  collectStart();
}

function loadedOnDemand(load: () => Promise<Koa>): RequestListener {
  let application: Promise<RequestListener> | undefined;
  return async (...request) => {
    application ??= load().then((loaded) => loaded.callback());
    (await application)(...request);
  };
}

async function runServer(config: Config, logger: Logger, primary: Primary | undefined): Promise<void> {
  let server: RunningServer | undefined;
  onSignal(async () => {
    // The primary tells the workers when all of them stop. A worker that stops alone leaves its connections to the
    // others.
    if (!primary) server?.retire();
    await server?.close();
    process.exit(0);
  });
  announceNewDatabase(config);
  const { startServer } = await import('./server.ts');
  server = await startServer(config, {
    logger,
    say: (sentence) => void say(sentence, 'warn'),
    ...(primary ? { mayListen: () => primary.mayListen() } : {}),
  });
  if (primary) {
    const { answeringOf } = await import('./internal-app.ts');
    primary.ready({ answering: answeringOf(server.services, server), retire: server.retire });
    if (cluster.worker?.id !== 1) return;
  }
  const { ready, welcome } = await import('./welcome.ts');
  if (process.stderr.isTTY) process.stderr.write(welcome(config, server.services));
  else write(ready(config, server.services), 'info');
}

/** Making the database takes a few seconds; the message shows that something happens. */
function announceNewDatabase({ database }: Config): void {
  if (database.kind === 'embedded' && !existsSync(join(database.dataDir, 'postgres')))
    write(`Making the database in ${database.dataDir} ...`, 'info');
}

/** `again` runs when a second signal insists, just before this process ends. */
function onSignal(stop: (signal: NodeJS.Signals) => void, { again = () => {} } = {}): void {
  let since: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (since === undefined) {
        since = performance.now();
        stop(signal);
      } else if (performance.now() - since > SAME_SIGNAL_MS) {
        again();
        process.exit(ENDED_BY_SIGNAL);
      }
    });
  }
}

/** Says why the start failed. Only an error that an operator must correct has its own exit code. */
async function fail(error: unknown): Promise<never> {
  if (error instanceof OperatorError) {
    await say(error.message, 'fatal');
    process.exit(CANNOT_START);
  }
  sentences.fatal({ err: error }, 'the start failed');
  process.exit(1);
}

async function say(sentence: string, level: Level): Promise<void> {
  if (primary) await primary.say(sentence, level);
  else write(sentence, level);
}

function write(sentence: string, level: Level): void {
  if (process.stderr.isTTY) process.stderr.write(`${sentence}\n`);
  else sentences[level](sentence);
}
