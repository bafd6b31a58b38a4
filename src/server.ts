import { readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createApp } from './app.ts';
import { compose, type Overrides, type Services } from './compose.ts';
import type { Config } from './config.ts';
import { createHttpServer } from './http/connections.ts';
import { createInternalApp } from './internal-app.ts';
import { jobsOf } from './jobs.ts';
import { openServerDatabase } from './open-database.ts';
import type { Database } from './platform/database.ts';
import { OperatorError } from './platform/errors.ts';
import { startJobs } from './platform/jobs.ts';
import { createLogger, type Logger } from './platform/logger.ts';
import { migrate } from './platform/migrate.ts';
import { applySeed, readSeedFile } from './platform/seed.ts';

const DEMO_SEED = fileURLToPath(new URL('../config/seeds/demo.sql', import.meta.url));
/** Shorter than the 30 s that orchestrators commonly wait before they kill. */
const STOP_WITHIN_MS = 20_000;

/** A server that listens. `close` lets requests under way finish, then closes the database. */
export interface RunningServer {
  services: Services;
  /** Where it listens; with port 0, the port that was free. */
  port: number;
  close(): Promise<void>;
}

/** Opens the database, brings it up to date, applies the seeds, and listens. */
export async function startServer(
  config: Config,
  {
    logger = createLogger({ level: config.logLevel }),
    database,
    overrides = {},
  }: { logger?: Logger; database?: Database; overrides?: Overrides } = {},
): Promise<RunningServer> {
  const open = database ?? (await openServerDatabase(config, (sentence) => logger.warn(sentence)));
  try {
    for (const name of await migrate(open)) logger.info({ migration: name }, 'migrated');
    await applySeeds(config, open, logger);
    const services = await compose({ config, logger, database: open, overrides });
    const server = createHttpServer(
      { ...services, limits: config.connections },
      createApp(services).callback(),
    );
    await listen(server, config.host, config.port);
    const internal = await startInternalServer(services);
    const jobs = startJobs(jobsOf(services), logger);
    return {
      services,
      port: (server.address() as AddressInfo).port,
      async close() {
        await stop(server);
        await jobs.stop();
        if (internal) await stop(internal);
        await open.close();
      },
    };
  } catch (error) {
    await open.close();
    throw error;
  }
}

/** The demo's seed, then those of SEEDS_DIR in the order of their names. */
async function applySeeds(config: Config, database: Database, logger: Logger): Promise<void> {
  const files = config.demo ? [DEMO_SEED] : [];
  if (config.seedsDir) {
    const names = readdirSync(config.seedsDir).filter((name) => name.endsWith('.sql'));
    files.push(...names.sort().map((name) => join(config.seedsDir ?? '', name)));
  }
  for (const file of files) {
    const seed = { name: file, sql: readSeedFile(file), settings: { issuer: config.issuer } };
    const changes = await database.patiently((patient) => applySeed(patient, seed));
    logger.info({ seed: file, changes: changes.length }, 'seed applied');
  }
}

/** In a cluster the primary has the port (main.ts). */
async function startInternalServer(services: Services): Promise<Server | undefined> {
  const { internalPort, workers, host } = services.config;
  if (internalPort === undefined || workers > 1) return undefined;
  const server = createServer(createInternalApp(services).callback());
  await listen(server, host, internalPort);
  return server;
}

/** @throws OperatorError that says why it cannot listen there. */
export function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((listening, failed) => {
    server.once('error', (error: NodeJS.ErrnoException) => failed(explainListenError(error, host, port)));
    server.listen(port, host, listening);
  });
}

function explainListenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new OperatorError(
        `Port ${port} on ${host} is in use. Stop what listens there, or set another PORT.`,
        { cause: error },
      );
    case 'EACCES':
      return new OperatorError(
        `Port ${port} on ${host} needs privileges this process does not have. Set a PORT above 1023.`,
        { cause: error },
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new OperatorError(`HOST ${host} is not an address of this machine.`, { cause: error });
    default:
      return error;
  }
}

/** Takes no new connection and lets requests under way finish, but not for ever. */
async function stop(server: Server): Promise<void> {
  const closed = new Promise((done) => server.close(done));
  // A connection becomes idle when its request is answered, and would otherwise be kept alive.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const deadline = setTimeout(() => server.closeAllConnections(), STOP_WITHIN_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(deadline);
}
