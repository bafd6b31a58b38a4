import { readdirSync, readFileSync } from 'node:fs';

/**
 * The time that a process gets to reach some state. Only time in which the process could run counts, not time in
 * which it waited for a processor, so a busy machine fails no test. Without Linux's figures, all time counts.
 */
export function patienceWith(pid: () => number | undefined, ms: number): { isOver(): boolean } {
  let at = performance.now();
  let waited = waitedMs(pid());
  let used = 0;
  return {
    isOver() {
      const [now, waitedNow] = [performance.now(), waitedMs(pid())];
      // When one process replaced another, the figures of this interval are unknown.
      used += Math.max(0, now - at - Math.max(0, waitedNow - waited));
      [at, waited] = [now, waitedNow];
      return used > ms;
    },
  };
}

/**
 * How long the threads of a process were ready but not running, for the thread that waited longest: from schedstat of
 * proc(5).
 */
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
