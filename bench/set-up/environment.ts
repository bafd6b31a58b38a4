/** The PATH for finding programs. Only this file of the benchmarks reads the environment. */
export function environmentPath(): string {
  return process.env.PATH ?? '';
}

/** Whether the server under test runs its sources, as with `npm start`, and not the bundle. */
export function runsSources(): boolean {
  return process.env.BENCH_SERVER === 'sources';
}

/** The settings that bench/set-up/floor.ts gives to the program bench/floor.ts. */
export function floorSettings(): { port: number; workers: number; signatures: number } {
  const { PORT, WORKERS, SIGNATURES } = process.env;
  return { port: Number(PORT), workers: Number(WORKERS), signatures: Number(SIGNATURES) };
}
