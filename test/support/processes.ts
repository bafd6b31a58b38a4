import { readdirSync, readFileSync } from 'node:fs';

/** The processes that `pid` started and that live, from what Linux says of them. */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((child) => child > 0 && statusOf(child)?.parent === pid);
}

/** Whether it has closed all that it had open: a process that was killed has not, until the kernel comes to it. */
export function isGone(pid: number): boolean {
  return ['Z', 'X', undefined].includes(statusOf(pid)?.state);
}

function statusOf(pid: number): { state: string | undefined; parent: number } | undefined {
  try {
    // "pid (name) state ppid": the name may hold spaces and brackets.
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
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
