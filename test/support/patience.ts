import { readdirSync, readFileSync } from 'node:fs';

/**
 * Patience with a process that has to come to something. It is used up by the time in which the process could have
 * gone on, not by that in which it waited for a processor: so a machine that is busy with other things fails nothing.
 * Without Linux to say which is which, by all of it.
 */
export function patienceWith(pid: () => number | undefined, ms: number): { isOver(): boolean } {
  let at = performance.now();
  let waited = waitedMs(pid());
  let used = 0;
  return {
    isOver() {
      const [now, waitedNow] = [performance.now(), waitedMs(pid())];
      // Of a process that took the place of another nothing is known for this stretch.
      used += Math.max(0, now - at - Math.max(0, waitedNow - waited));
      [at, waited] = [now, waitedNow];
      return used > ms;
    },
  };
}

/** How long the threads of a process were ready to run and not running, whichever of them did most: of proc(5) schedstat. */
function waitedMs(pid: number | undefined): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`).map((thread) => {
      const [, waited] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
      return Number(waited) / 1e6;
    });
    return Math.max(0, ...threads);
  } catch {
    return 0;
  }
}
