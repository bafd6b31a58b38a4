import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts CPU time in hundredths of a second, whatever its kernel's own tick (USER_HZ, proc(5)). */
const MS_PER_TICK = 10;

interface Stat {
  pid: number;
  parent: number;
  /** The time of the process and of its ended children. */
  cpuMs: number;
}

/**
 * The CPU milliseconds of a process and all its descendants, to within 10 ms. The time of an ended process stays in
 * its parent's, so the difference of two readings is complete.
 */
export function cpuMsOf(root: number): number {
  return treeOf(root).reduce((sum, { cpuMs }) => sum + cpuMs, 0);
}

/** The CPU milliseconds of ended programs that this process ran. */
export function endedChildrenCpuMs(): number {
  const ticks = readStatFields(process.pid).slice(13, 15);
  return ticks.reduce((sum, field) => sum + Number(field) * MS_PER_TICK, 0);
}

/** The memory of a process in bytes (VmRSS), including shared pages. */
export function residentBytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

/**
 * The memory of a process and all its descendants in bytes. A page that several of them share counts once (Pss), but only
 * in part if other processes share it: their program of Node must be a copy.
 */
export function bytesOfTree(root: number): number {
  return treeOf(root).reduce((sum, { pid }) => sum + proportionalBytes(pid), 0);
}

function proportionalBytes(pid: number): number {
  const [, kilobytes] = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

/**
 * Blocks until a process has ended, five seconds at most. It is for the end of this process, when nothing else runs.
 */
export function waitForEnd(pid: number): void {
  for (let n = 0; n < 100 && isAlive(pid); n += 1)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
}

/** A process that ended and was not waited for has no command line. */
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

/** Empty for a process that has ended. */
function readStat(pid: number): Stat[] {
  try {
    const fields = readStatFields(pid);
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return [{ pid, parent: Number(fields[1]), cpuMs: ticks * MS_PER_TICK }];
  } catch {
    return [];
  }
}

/** The fields of proc(5) from the third on: the second, a name in parentheses, may contain spaces. */
function readStatFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
