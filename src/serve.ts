import cluster from 'node:cluster';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { type Config, readConfig } from './config.ts';
import { answeringOf, createClusterInternalApp } from './internal-app.ts';
import { listen } from './listen.ts';
import { OperatorError } from './platform/errors.ts';
import { createLogger } from './platform/logger.ts';
import { type RunningServer, STOP_WITHIN_MS, startServer } from './server.ts';
import { welcome } from './welcome.ts';
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

try {
  const config = readConfig();
  if (config.workers > 1 && !primary) await runPrimary(config);
  else await runServer(config, primary);
} catch (error) {
  await fail(error);
}

async function runPrimary(config: Config): Promise<void> {
  const internal = config.internalPort === undefined ? undefined : createServer();
  if (internal) await listen(internal, config.host, config.internalPort ?? 0, 'INTERNAL_PORT');
  const workers = new Workers({
    count: config.workers,
    logger: createLogger({ level: config.logLevel }),
    print: (text) => process.stderr.write(text),
  });
  internal?.on('request', createClusterInternalApp(workers).callback());
  onSignal((signal) => workers.stop(signal, config.drainSeconds * 1000 + STOP_WITHIN_MS + OVERDUE_MS), {
    again: () => workers.kill(),
  });
}

async function runServer(config: Config, primary: Primary | undefined): Promise<void> {
  let server: RunningServer | undefined;
  onSignal(async () => {
    // The primary tells the workers when all of them stop. A worker that stops alone leaves its connections to the
    // others.
    if (!primary) server?.retire();
    await server?.close();
    process.exit(0);
  });
  announceNewDatabase(config);
  server = await startServer(config, {
    say: (sentence) => void print(sentence),
    ...(primary ? { mayListen: () => primary.mayListen() } : {}),
  });
  primary?.ready({ answering: answeringOf(server.services, server), retire: server.retire });
  if (!primary || cluster.worker?.id === 1) process.stderr.write(welcome(config));
}

/** Making the database takes a few seconds; the message shows that something happens. */
function announceNewDatabase({ database }: Config): void {
  if (database.kind === 'embedded' && !existsSync(join(database.dataDir, 'postgres')))
    process.stderr.write(`Making the database in ${database.dataDir} ...\n`);
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
  await print(error instanceof OperatorError ? error.message : String((error as Error).stack ?? error));
  process.exit(error instanceof OperatorError ? CANNOT_START : 1);
}

async function print(sentence: string): Promise<void> {
  if (primary) await primary.say(sentence);
  else process.stderr.write(`${sentence}\n`);
}
