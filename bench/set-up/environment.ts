/** Only here do benchmarks read the environment: the PATH for finding programs. */
export function environmentPath(): string {
  return process.env.PATH ?? '';
}

/** The settings that bench/set-up/floor.ts gives to the program bench/floor.ts. */
export function floorSettings(): { port: number; workers: number; signatures: number } {
  const { PORT, WORKERS, SIGNATURES } = process.env;
  return { port: Number(PORT), workers: Number(WORKERS), signatures: Number(SIGNATURES) };
}
