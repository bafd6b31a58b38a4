import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../../scripts/free-port.ts';
import { patienceWith } from '../time/patience.ts';
import { TEST_SECRETS } from './test-server.ts';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const START_MS = 30_000;

/** `node src/main.ts` as an operator runs it: its own process, on a real Postgres. */
export interface ServerProcess {
  /** The address on which it listens. Its issuer may be another process's. */
  url: string;
  pid: number;
  /** Its output so far: log and messages. */
  output(): string;
  /** Resolves with the exit code when it has ended. */
  exited: Promise<number | null>;
  /** Sends a signal and resolves with the exit code. */
  stop(signal?: 'SIGTERM' | 'SIGINT'): Promise<number | null>;
}

/** Starts one and waits until it is ready to serve. */
export async function startServerProcess(
  databaseUrl: string,
  env: Record<string, string> = {},
): Promise<ServerProcess> {
  const server = await spawnServerProcess(databaseUrl, env);
  await untilReady(server);
  return server;
}

/** Starts a process that may never become ready. */
export async function spawnServerProcess(
  databaseUrl: string,
  env: Record<string, string> = {},
): Promise<ServerProcess> {
  const port = Number(env.PORT ?? (await freePort()));
  const child = spawn(process.execPath, [MAIN], {
    // Runs outside of the checkout, so that no developer's `.env` is used.
    cwd: process.env.TEST_FOLDER,
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      HOST: 'localhost',
      DATABASE_URL: databaseUrl,
      REQUESTS_PER_MINUTE: '0',
      FAILURES_PER_MINUTE: '0',
      ...TEST_SECRETS,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<number | null>((done) => child.once('exit', done));
  return {
    url: `http://localhost:${port}`,
    pid: child.pid ?? 0,
    output: collect(child),
    exited,
    stop(signal = 'SIGTERM') {
      child.kill(signal);
      return exited;
    },
  };
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      text += chunk;
    });
  }
  return () => text;
}

/** Resolves when the process is ready. @throws with its output, when it ends or takes too long. */
export async function untilReady({ url, pid, output, exited }: ServerProcess): Promise<void> {
  const patience = patienceWith(() => pid, START_MS);
  let ended: { code: number | null } | undefined;
  void exited.then((code) => {
    ended = { code };
  });
  while (!(await isReady(url))) {
    if (ended) throw new Error(`The server ended with ${ended.code}:\n${output()}`);
    if (patience.isOver()) {
      process.kill(pid, 'SIGKILL');
      throw new Error(`The server was not ready in ${START_MS} ms:\n${output()}`);
    }
    await new Promise((tick) => setTimeout(tick, 50));
  }
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    ({ status }) => status === 200,
    () => false,
  );
}
