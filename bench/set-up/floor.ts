import { fileURLToPath } from 'node:url';
import { environmentPath } from './environment.ts';
import { type Program, startProgram } from './program.ts';

const FLOOR = fileURLToPath(new URL('../floor.ts', import.meta.url));

/** Starts the program that does as little as any server in Node must do for such a request. */
export function startFloor(
  signatures: number,
  workers: number,
  nodeOptions: readonly string[] = [],
): Promise<Program> {
  const environment = { PATH: environmentPath(), WORKERS: String(workers), SIGNATURES: String(signatures) };
  return startProgram([...nodeOptions, FLOOR], environment, '/');
}
