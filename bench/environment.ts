/** The one place of the benchmarks that reads the environment: where programs are found, and nothing else. */
export function environmentPath(): string {
  return process.env.PATH ?? '';
}
