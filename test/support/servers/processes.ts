import { readdirSync, readFileSync } from 'node:fs';

/** The live processes that `pid` started, according to Linux. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((child) => child > 0 && statusOf(child)?.parent === pid);
}

/**
 * Whether a process has closed all its files and sockets. A killed process has done so only when the kernel has ended
 * its last thread: the threads share them, and the first may be a zombie long before the others end.
 */
export function isGone(pid: number): boolean {
  return threadsOf(pid).every((thread) => ['Z', 'X', undefined].includes(statusOf(thread)?.state));
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => `${pid}/task/${thread}`);
  } catch {
    return [];
  }
}

function statusOf(process: number | string): { state: string | undefined; parent: number } | undefined {
  try {
    // "pid (name) state ppid": the name may contain spaces and brackets.
    const [state, parent] =
      readFileSync(`/proc/${process}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

/** Sends a signal to processes, which may have ended already. */
export function signal(pids: Iterable<number>, name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
