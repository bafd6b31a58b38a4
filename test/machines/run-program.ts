import { Refusal } from '../../scripts/refusal.ts';

/**
 * Runs `main`, which returns the number of errors; the exit status is 0 only if there are none. It prints a mistake
 * of the caller as one sentence, and any other error with its stack. All started programs end with this one.
 */
export async function runProgram(main: () => Promise<number>): Promise<never> {
  // Not `once`: npm passes on the terminal's signal, and a second one would interrupt the cleanup.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
  try {
    process.exitCode = (await main()) === 0 ? 0 : 1;
  } catch (error) {
    const { code, message, stack } = error as NodeJS.ErrnoException;
    const isTheirs = error instanceof Refusal || code?.startsWith('ERR_PARSE_ARGS');
    process.stderr.write(`${isTheirs ? message : stack}\n`);
    process.exitCode = 1;
  }
  process.exit();
}

/** Ends a program that hangs. */
export function endAfter(minutes: number): void {
  setTimeout(() => {
    process.stderr.write(`Not over in ${minutes} minutes.\n`);
    process.exit(1);
  }, minutes * 60_000).unref();
}

/** Reads options as numbers. @throws Refusal that names the options that are not numbers. */
export function numbersOf<Name extends string>(
  given: Readonly<Record<Name, string>>,
  { positive }: { positive: readonly NoInfer<Name>[] },
): Record<Name, number> {
  const entries = Object.entries<string>(given).map(([name, text]) => [name, Number(text)] as const);
  const wrong = entries.filter(
    ([name, number]) => Number.isNaN(number) || (positive.some((one) => one === name) && number <= 0),
  );
  if (wrong.length > 0)
    throw new Refusal(`${wrong.map(([name]) => `--${name}`).join(', ')}: a number is needed.`);
  return Object.fromEntries(entries) as Record<Name, number>;
}
