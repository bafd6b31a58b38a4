/** Only here do benchmarks read the environment: the PATH for finding programs. */
export function environmentPath(): string {
  return process.env.PATH ?? '';
}
