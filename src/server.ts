import { createServer, type RequestListener } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createListener, createStartingApp, unreadListener } from './app.ts';
import { awaitDatabase } from './await-database.ts';
import { collectStart } from './collect-start.ts';
import { compose, type Overrides, type Services } from './compose.ts';
import type { Config } from './config.ts';
import { SEND_WITHIN_MS } from './deliveries/delivery.ts';
import { createFront, type Front, STOP_WITHIN_MS } from './http/connections/front.ts';
import { createHttpServer } from './http/connections/http-server.ts';
import { oneAtATime } from './http/connections/one-at-a-time.ts';
import type { UnreadListener } from './http/connections/refusals.ts';
import { createInternalApp, createStartingInternalApp } from './internal-app.ts';
import { jobsOf } from './jobs.ts';
import { listen } from './listen.ts';
import { openServerDatabase } from './open-database.ts';
import type { Database } from './platform/database.ts';
import { startJobs } from './platform/jobs.ts';
import { createLogger, type Logger } from './platform/log/logger.ts';
import { migrate } from './platform/migrate.ts';
import { explainPrivileges } from './platform/postgres/privileges.ts';
import { yieldThreads } from './platform/secrets/yielding-threads.ts';

const DEMO_SEED = fileURLToPath(new URL('../config/seeds/demo.sql', import.meta.url));
/** Most starts are faster. Until then, the closed port tells the same. */
const SLOW_START_MS = 3000;

/** Refusals that are not written by then are lost: the end of a process does not wait for a database that is away. */
const WRITE_WITHIN_MS = 1000;

/** A server that is ready. */
export interface RunningServer {
  services: Services;
  /** The port on which it listens; with port 0, the free port it found. */
  port: number;
  /** Whether `retire` was called. */
  retiring(): boolean;
  /** Makes `/readyz` say that it is about to stop, and serves on. */
  retire(): void;
  /**
   * Serves on for DRAIN_SECONDS, announcing the end of each connection, then lets requests under way finish, and
   * closes the database.
   */
  close(): Promise<void>;
}

export interface StartOptions {
  logger?: Logger;
  /** A database that is already open. */
  database?: Database;
  overrides?: Overrides;
  /** Receives a sentence now and then while this server waits for the database. */
  say?(sentence: string): void;
  /** Resolves when this server, if it waits or starts slowly, may listen and say that it lives. */
  mayListen?(): Promise<void>;
}

/**
 * Opens the database, migrates it, applies the seeds, and listens. While the database is away, it waits, alive but
 * not ready.
 */
export async function startServer(
  config: Config,
  {
    logger = createLogger({ level: config.logLevel }),
    database,
    overrides = {},
    say = () => {},
    mayListen = async () => {},
  }: StartOptions = {},
): Promise<RunningServer> {
  const ports = createPorts(config, logger);
  const attempt = async () => {
    ports.check();
    const open = database ?? (await openServerDatabase(config, (sentence) => logger.warn(sentence)));
    try {
      for (const name of await migrate(open, { onNewer: sayNewer(logger) }))
        logger.info({ migration: name }, 'migrated');
      const demoSeed = config.demoSeed ? DEMO_SEED : undefined;
      // Most servers on Postgres have no seeds.
      if (demoSeed !== undefined || config.seedsDir !== undefined) {
        const { applySeedsAtStart } = await import('./apply-seeds.ts');
        await applySeedsAtStart(config, { database: open, logger, demoSeed });
      }
      return await compose({ config, logger, database: open, overrides });
    } catch (error) {
      const explained = await explainPrivileges(error, open.knex);
      await open.close();
      throw explained;
    }
  };
  const listenEarly = () =>
    void mayListen()
      .then(ports.listen)
      .catch(() => undefined);
  // A migration may take its time, too, and nobody may take this process for dead.
  const slow = setTimeout(listenEarly, SLOW_START_MS);
  try {
    return await serve(await awaitDatabase(attempt, { say, onAway: listenEarly }), ports);
  } catch (error) {
    await ports.stop();
    throw error;
  } finally {
    clearTimeout(slow);
  }
}

/** Serves the real application from now on. */
async function serve(services: Services, ports: Ports): Promise<RunningServer> {
  const { config, database, logger } = services;
  let retired = false;
  const retiring = () => retired;
  ports.serve(services, retiring);
  await yieldThreads();
  collectStart();
  const port = await ports.listen().catch(async (error) => {
    await database.close();
    throw error;
  });
  const jobs = startJobs(jobsOf(services), logger);
  const outbox = startJobs([services.outbox], logger);
  return {
    services,
    port,
    retiring,
    retire() {
      retired = true;
    },
    async close() {
      // Another process takes what is queued; what is under way is settled before the database is closed.
      const sent = Promise.race([outbox.stop(), pause(SEND_WITHIN_MS, undefined, { ref: false })]);
      ports.public.announceEnd();
      await pause(config.drainSeconds * 1000);
      await ports.public.stop(STOP_WITHIN_MS);
      await ports.stop();
      if (!services.outbox.isIdle()) await sent;
      await Promise.race([
        services.refusalRecorder.flush(),
        pause(WRITE_WITHIN_MS, undefined, { ref: false }),
      ]);
      // A job may wait for a database that does not answer; closing the database ends that wait.
      await Promise.all([jobs.stop(), database.close()]);
    },
  };
}

interface Ports {
  public: Front;
  serve(services: Services, retiring: () => boolean): void;
  /** Listens at the first call, and returns the port. */
  listen(): Promise<number>;
  /** @throws the error for which listening failed. */
  check(): void;
  stop(): Promise<void>;
}

/**
 * The configured ports, which first answer that this server is starting. In a cluster, the primary has the internal
 * one.
 */
function createPorts(config: Config, logger: Logger): Ports {
  const { host, port, internalPort, workers } = config;
  let starting: RequestListener | undefined;
  let onUnread: UnreadListener = () => {};
  const front = createFront(
    (listener) =>
      createHttpServer(
        { logger, onUnread: (refused) => onUnread(refused), limits: config.connections },
        listener,
      ),
    (...request) => {
      // Few starts need this application.
      starting ??= createStartingApp({ config, logger }).callback();
      starting(...request);
    },
  );
  const internal =
    internalPort === undefined || workers > 1
      ? undefined
      : createFront((listener) => createServer(oneAtATime(listener)), createStartingInternalApp().callback());
  let listening: Promise<number> | undefined;
  let failure: unknown;
  const listenToAll = async () => {
    if (internal) await listen(internal.server, host, internalPort ?? 0, 'INTERNAL_PORT');
    return listen(front.server, host, port);
  };
  return {
    public: front,
    serve(services, retiring) {
      onUnread = unreadListener(services);
      front.serve(createListener(services, { retiring }));
      internal?.serve(createInternalApp(services, { retiring }).callback());
    },
    listen() {
      listening ??= listenToAll().catch((error) => {
        failure = error;
        throw error;
      });
      return listening;
    },
    check() {
      if (failure) throw failure;
    },
    async stop() {
      await front.stop(STOP_WITHIN_MS);
      await internal?.stop(STOP_WITHIN_MS);
    },
  };
}

/** While a release is rolled out, older processes serve beside newer ones. */
function sayNewer(logger: Logger): (names: readonly string[]) => void {
  return (names) =>
    logger.warn(
      `A newer release has migrated this database (${names.join(', ')}). This release serves beside it; do not keep it for long.`,
    );
}
