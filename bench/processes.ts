import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts CPU time in hundredths of a second, whatever its kernel's own tick (USER_HZ, proc(5)). */
const MS_PER_TICK = 10;

interface Stat {
  pid: number;
  parent: number;
  /** Of the process, and of children of it that have ended. */
  cpuMs: number;
}

/**
 * CPU milliseconds that a process and all that descend from it have used. What ended counts on in its parent, so
 * the difference of two readings misses nothing. To 10 ms.
 */
export function cpuMsOf(root: number): number {
  return treeOf(root).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

/** CPU milliseconds of programs that this process ran and that have ended. */
export function endedChildrenCpuMs(): number {
  const ticks = readStatFields(process.pid).slice(13, 15);
  return ticks.reduce((sum, field) => sum + Number(field) * MS_PER_TICK, 0);
}

/** Bytes of memory that a process holds (VmRSS), with pages it shares. */
export function residentBytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

/** Blocks until a process has ended, five seconds at the most: for the end of this one, when nothing else runs. */
export function waitForEnd(pid: number): void {
  for (let n = 0; n < 100 && isAlive(pid); n += 1)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
}

/** A process that ended and was not waited for has no command line any more. */
function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}

function treeOf(root: number): Stat[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)));
  const tree = all.filter(({ pid }) => pid === root);
  for (const parent of tree) tree.push(...all.filter((stat) => stat.parent === parent.pid));
  return tree;
}

/** Nothing, for a process that ended meanwhile. */
function readStat(pid: number): Stat[] {
  try {
    const fields = readStatFields(pid);
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return [{ pid, parent: Number(fields[1]), cpuMs: ticks * MS_PER_TICK }];
  } catch {
    return [];
  }
}

/** From the third field of proc(5) on: the second, a name in parentheses, may hold spaces. */
function readStatFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
