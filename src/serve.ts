import cluster from 'node:cluster';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, readConfig } from './config.ts';
import { createClusterInternalServer } from './internal-app.ts';
import { OperatorError } from './platform/errors.ts';
import { listen, startServer } from './server.ts';
import { welcome } from './welcome.ts';

/** A terminal, npm and our own primary each pass on one Ctrl-C; only a later one is somebody who will not wait. */
const SAME_SIGNAL_MS = 1000;

/**
 * Says that a start failed, and why was printed; EX_CONFIG of sysexits. Not 1, with which Node ends on an error that
 * nobody caught: a worker that dies of one is replaced.
 */
const CANNOT_START = 78;

try {
  const config = readConfig();
  if (config.workers > 1 && cluster.isPrimary) {
    if (config.internalPort !== undefined)
      await listen(createClusterInternalServer(), config.host, config.internalPort);
    startWorkers(config.workers);
  } else {
    announceNewDatabase(config);
    const server = await startServer(config);
    if (!cluster.isWorker || cluster.worker?.id === 1) process.stderr.write(welcome(config));
    stopOnSignal(() => server.close());
  }
} catch (error) {
  process.stderr.write(
    `${error instanceof OperatorError ? error.message : ((error as Error).stack ?? error)}\n`,
  );
  process.exit(CANNOT_START);
}

/** Making it takes a few seconds, in which people wonder whether anything happens. */
function announceNewDatabase({ database }: Config): void {
  if (database.kind === 'embedded' && !existsSync(join(database.dataDir, 'postgres')))
    process.stderr.write(`Making the database in ${database.dataDir} ...\n`);
}

/** One process a core, sharing the port. A worker that dies is replaced; one that cannot start ends the whole. */
function startWorkers(count: number): void {
  let stopping = false;
  for (let n = 0; n < count; n += 1) cluster.fork();
  cluster.on('exit', (_worker, code) => {
    if (Object.keys(cluster.workers ?? {}).length === 0 && stopping) process.exit();
    if (stopping) return;
    if (code === CANNOT_START) {
      stopping = true;
      process.exitCode = CANNOT_START;
      for (const other of Object.values(cluster.workers ?? {})) other?.kill();
      return;
    }
    cluster.fork();
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      stopping = true;
      for (const worker of Object.values(cluster.workers ?? {})) worker?.kill(signal);
    });
  }
}

function stopOnSignal(stop: () => Promise<void>): void {
  let since: number | undefined;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, async () => {
      if (since !== undefined) {
        if (Date.now() - since > SAME_SIGNAL_MS) process.exit(130);
        return;
      }
      since = Date.now();
      await stop();
      process.exit(0);
    });
  }
}
