import { inspect } from 'node:util';
import { Refusal } from '../scripts/refusal.ts';

/** Runs a benchmark. After a refusal or Ctrl-C, it stops everything that it started. */
export async function runProgram(main: () => Promise<void>): Promise<void> {
  // Handlers of `exit` stop started programs, and a signal alone does not run them.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => process.exit(130));
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${error instanceof Refusal ? error.message : inspect(error)}\n`);
    process.exitCode = 1;
  }
}

/** Prints a line for the person who waits. Results go to standard output. */
export function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}
