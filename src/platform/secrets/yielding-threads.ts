import { readdir, readFile } from 'node:fs/promises';
import { setPriority } from 'node:os';

/** The main thread gets nine tenths of a core that a hash wants, too. */
const NICENESS = 10;
const TASKS = '/proc/self/task';

/**
 * Lets the threads of libuv's pool, which make the hashes, give way to the main thread, which answers. Only Linux gives
 * threads a priority of their own; a process may always lower it.
 */
export async function yieldThreads(): Promise<void> {
  // Reading a folder starts the pool.
  const threads = await readdir(TASKS).catch((): string[] => []);
  // In the /proc of another container, the numbers are those of others.
  if (!threads.includes(String(process.pid))) return;
  for (const thread of threads) {
    const name = await readFile(`${TASKS}/${thread}/comm`, 'utf8').catch(() => '');
    if (name === 'libuv-worker\n') lower(Number(thread));
  }
}

/** A thread may have ended, and a sandbox may forbid it. The hashes are right all the same. */
function lower(thread: number): void {
  try {
    setPriority(thread, NICENESS);
  } catch {
    return;
  }
}
