import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../scripts/free-port.ts';
import { TEST_SECRETS } from '../support/servers/test-server.ts';
import { patienceWith } from '../support/time/patience.ts';
import { layWire, type Wire } from './wire.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const SEEDS = fileURLToPath(new URL('../../config/seeds', import.meta.url));
const RESPAWN_MS = 100;
const START_MS = 60_000;

/** A `node src/main.ts` that is restarted whenever it ends, as in production. */
export interface Server {
  /** The address for clients, behind a wire that can be cut. */
  url: string;
  /** Kills it between two instructions. False when it is not running. */
  kill(): boolean;
  /** The wires to its clients and to Postgres. */
  clients: Wire;
  database: Wire;
  ready(): Promise<void>;
  stop(): void;
}

/** A log line. Some are counted and some are shown. */
export interface LogLine {
  msg?: string;
  audit?: string;
  level?: number | string;
  err?: { type?: string; message?: string };
}

export interface ServerOptions {
  issuer: string;
  databasePort: number;
  databaseUrl(port: number): string;
  onLog(line: LogLine): void;
}

/** Starts a server without waiting until it is ready. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const port = await freePort();
  const database = await layWire(options.databasePort);
  const clients = await layWire(port);
  const url = `http://127.0.0.1:${clients.port}`;
  let child: ChildProcess | undefined;
  let stopped = false;

  const start = () => {
    if (stopped) return;
    child = spawnServer(port, { ...options, databaseUrl: options.databaseUrl(database.port) });
    child.once('exit', () => {
      child = undefined;
      setTimeout(start, RESPAWN_MS);
    });
  };
  start();
  // Nobody else ends them when this program is interrupted.
  process.once('exit', () => child?.kill('SIGKILL'));

  return {
    url,
    clients,
    database,
    kill: () => child?.kill('SIGKILL') ?? false,
    ready: () => untilReady(url, () => child?.pid),
    stop() {
      stopped = true;
      child?.kill('SIGKILL');
      clients.close();
      database.close();
    },
  };
}

/** In development mode, unless `env` says otherwise. */
export function spawnServer(
  port: number,
  {
    issuer,
    databaseUrl,
    onLog,
    env = {},
  }: {
    issuer: string;
    databaseUrl: string;
    onLog(line: LogLine): void;
    env?: Readonly<Record<string, string>>;
  },
) {
  const child = spawn(process.execPath, [MAIN], {
    // Runs outside of the checkout, so that no developer's `.env` is used.
    cwd: '/',
    env: {
      PATH: process.env.PATH,
      // A run tries one way of hot requests: the short one, or with DIRECT=none the long one.
      DIRECT: process.env.DIRECT ?? 'all',
      PORT: String(port),
      HOST: '127.0.0.1',
      ISSUER: issuer,
      DATABASE_URL: databaseUrl,
      SEEDS_DIR: SEEDS,
      REQUESTS_PER_MINUTE: '0',
      FAILURES_PER_MINUTE: '0',
      LOG_LEVEL: 'warn',
      ...TEST_SECRETS,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stderr?.resume();
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = parse(text);
    if (line) onLog(line);
  });
  return child;
}

/** Undefined for a line that a kill cut short. */
function parse(text: string): LogLine | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export async function untilReady(url: string, pid: () => number | undefined): Promise<void> {
  const patience = patienceWith(pid, START_MS);
  for (;;) {
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    await answer?.arrayBuffer().catch(() => undefined);
    if (answer?.status === 200) return;
    if (patience.isOver()) throw new Error(`A server was not ready in ${START_MS} ms.`);
    await new Promise((tick) => setTimeout(tick, 50));
  }
}
