/**
 * The server as an operator starts it: `node src/main.ts` with `NODE_ENV=production`, one process for each core, an
 * https issuer with TLS in front, and all secrets. Its log goes to a file, as it would to a journal. Only the limit
 * of requests for an address differs, because all load comes from one address.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../scripts/free-port.ts';
import { Refusal } from '../../scripts/refusal.ts';
import { environmentPath } from './environment.ts';
import { temporaryFolder } from './temporary-folder.ts';

export const ISSUER = 'https://login.bench.example';
/** This checkout. A comparison also starts the server of another one. */
export const HERE = fileURLToPath(new URL('../..', import.meta.url));
const READY_WITHIN_MS = 60_000;

export interface Server {
  pid: number;
  /** Its address, without the TLS in front. */
  base: string;
  /** The time from the start of the process to the first 200 of /readyz. */
  readyMs: number;
  stop(): Promise<void>;
}

export interface ServerOptions {
  workers: number;
  environment: Record<string, string>;
  /** Options of Node itself, such as --cpu-prof. */
  nodeOptions?: readonly string[];
  /** The checkout with the server. */
  root?: string;
}

/** The image's start: the options of Node, and the variables that keep its memory small. */
function startOfImage(root: string): { options: readonly string[]; environment: Record<string, string> } {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const memory = [...dockerfile.matchAll(/\b(MALLOC_\w+)=(\d+)/g)].map(([, name, value]) => [name, value]);
  return {
    options: JSON.parse(/^CMD (.*)$/m.exec(dockerfile)?.[1] ?? '[]').slice(1, -1),
    environment: Object.fromEntries(memory),
  };
}

/** The production environment on this database. Its secrets are new. */
export function productionEnvironment(databaseUrl: string, root = HERE): Record<string, string> {
  const secret = () => randomBytes(32).toString('base64');
  return {
    PATH: environmentPath(),
    ...startOfImage(root).environment,
    NODE_ENV: 'production',
    ENVIRONMENT: 'production',
    ISSUER,
    DATABASE_URL: databaseUrl,
    COOKIE_KEYS: secret(),
    KEY_ENCRYPTION_KEY: secret(),
    REFRESH_TOKEN_KEYS: secret(),
    LOG_LEVEL: 'info',
    // Nobody needs to notice that it stops.
    DRAIN_SECONDS: '0',
    REQUESTS_PER_MINUTE: '0',
    FAILURES_PER_MINUTE: '0',
  };
}

/** Migrates the database, and registers the people and clients of the load. */
export function applySeed(environment: Record<string, string>, root = HERE): void {
  const command = [join(root, 'src/cli.ts'), 'seed', join(root, 'bench/set-up/seed.sql')];
  const { status, stderr } = spawnSync(process.execPath, command, {
    env: environment,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Refusal(`The seed of the benchmark was refused:\n${stderr.trim()}`);
}

/** @throws Refusal with the server's output when it does not become ready. */
export async function startServer({
  workers,
  environment,
  nodeOptions = [],
  root = HERE,
}: ServerOptions): Promise<Server> {
  // That folder has no developer's .env.
  const { path: folder, remove } = temporaryFolder('server');
  const [stdout, stderr] = [join(folder, 'stdout.log'), join(folder, 'stderr.log')];
  const port = await freePort();
  const started = performance.now();
  const command = [...startOfImage(root).options, ...nodeOptions, join(root, 'src/main.ts')];
  const child = spawn(process.execPath, command, {
    cwd: folder,
    env: { ...environment, PORT: String(port), WORKERS: String(workers) },
    stdio: ['ignore', openSync(stdout, 'w'), openSync(stderr, 'w')],
  });
  const killed = () => child.kill('SIGKILL');
  process.prependOnceListener('exit', killed);
  let ended = false;
  const end = new Promise<void>((done) =>
    child.once('close', () => {
      ended = true;
      done();
    }),
  );
  const base = `http://127.0.0.1:${port}`;
  while (!(await isReady(base))) {
    if (ended || performance.now() - started > READY_WITHIN_MS)
      throw new Refusal(`The server did not become ready:\n${readFileSync(stderr, 'utf8').trim()}`);
    await sleep(5);
  }
  return {
    pid: child.pid ?? 0,
    base,
    readyMs: performance.now() - started,
    async stop() {
      child.kill('SIGTERM');
      await end;
      process.off('exit', killed);
      remove();
    },
  };
}

async function isReady(base: string): Promise<boolean> {
  try {
    return (await fetch(`${base}/readyz`)).status === 200;
  } catch {
    return false;
  }
}
