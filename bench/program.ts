import { inspect } from 'node:util';
import { Refusal } from '../scripts/installed-postgres.ts';

/** Runs a benchmark. A refusal, or a Ctrl-C, ends it with what it started stopped. */
export async function runProgram(main: () => Promise<void>): Promise<void> {
  // What is started is ended in handlers of `exit`, which a signal alone does not reach.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => process.exit(130));
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${error instanceof Refusal ? error.message : inspect(error)}\n`);
    process.exitCode = 1;
  }
}

/** A line for whoever waits; results go to standard output. */
export function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}
