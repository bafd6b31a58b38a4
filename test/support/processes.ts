import { readdirSync, readFileSync } from 'node:fs';

/** The processes that `pid` started and that live, from what Linux says of them. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((child) => child > 0 && statusOf(child)?.parent === pid);
}

/**
 * Whether it has closed all that it had open. A process that was killed has not, until the kernel has ended the last of
 * its threads: they share what is open, and the first may be a zombie long before the others.
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
    // "pid (name) state ppid": the name may hold spaces and brackets.
    const [state, parent] =
      readFileSync(`/proc/${process}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

/** To processes that may have ended meanwhile. */
export function signal(pids: Iterable<number>, name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
