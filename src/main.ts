import cluster from 'node:cluster';
import { readConfig } from './config.ts';
import { createClusterInternalServer } from './internal-app.ts';
import { OperatorError } from './platform/errors.ts';
import { listen, startServer } from './server.ts';
import { welcome } from './welcome.ts';

/** A terminal, npm and our own primary each pass on one Ctrl-C; only a later one is somebody who will not wait. */
const SAME_SIGNAL_MS = 1000;

try {
  const config = readConfig();
  if (config.workers > 1 && cluster.isPrimary) {
    if (config.internalPort !== undefined)
      await listen(createClusterInternalServer(), config.host, config.internalPort);
    startWorkers(config.workers);
  } else {
    const server = await startServer(config);
    if (!cluster.isWorker || cluster.worker?.id === 1) process.stderr.write(welcome(config));
    stopOnSignal(() => server.close());
  }
} catch (error) {
  process.stderr.write(
    `${error instanceof OperatorError ? error.message : ((error as Error).stack ?? error)}\n`,
  );
  process.exitCode = 1;
  process.exit();
}

/** One process a core, sharing the port. A worker that dies is replaced; one that cannot start ends the whole. */
function startWorkers(count: number): void {
  let stopping = false;
  for (let n = 0; n < count; n += 1) cluster.fork();
  cluster.on('exit', (worker, code) => {
    if (Object.keys(cluster.workers ?? {}).length === 0 && stopping) process.exit();
    if (stopping) return;
    if (code === 1 && !worker.exitedAfterDisconnect) {
      stopping = true;
      process.exitCode = 1;
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
