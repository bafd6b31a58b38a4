import { execFileSync } from 'node:child_process';
import type { ServerProcess } from './server-process.ts';

/** The processes of a cluster. */
export function workersOf({ pid }: ServerProcess): number[] {
  try {
    return execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .map(Number);
  } catch {
    // It says by its status that there is none.
    return [];
  }
}
