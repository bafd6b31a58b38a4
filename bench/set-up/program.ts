import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../scripts/free-port.ts';
import { Refusal } from '../../scripts/refusal.ts';
import { temporaryFolder } from './temporary-folder.ts';

const READY_WITHIN_MS = 60_000;

/** A running server, with all its processes. */
export interface Program {
  pid: number;
  /** Its address, without the TLS in front. */
  base: string;
  /** The time from the start of the process until it was ready. */
  readyMs: number;
  stop(): Promise<void>;
}

/**
 * Starts Node with these arguments, a PORT of its own and its output in a file. It is ready at the first 200 of `path`.
 * @throws Refusal with the program's output when it does not become ready.
 */
export async function startProgram(
  command: readonly string[],
  environment: Record<string, string>,
  path: string,
  node = process.execPath,
): Promise<Program> {
  // That folder has no developer's .env.
  const { path: folder, remove } = temporaryFolder('server');
  const [stdout, stderr] = [join(folder, 'stdout.log'), join(folder, 'stderr.log')];
  const port = await freePort();
  const started = performance.now();
  const child = spawn(node, command, {
    cwd: folder,
    env: { ...environment, PORT: String(port) },
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
  while (!(await isReady(base + path))) {
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

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).status === 200;
  } catch {
    return false;
  }
}
