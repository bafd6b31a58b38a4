import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TOOL_PATH } from './toolchain.ts';

export const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/real-clients', import.meta.url));

/**
 * The folder of what `install` fetched from a registry. It is filled once, and again when one of the files that it is
 * made of changes: a list of packages, or a lock file.
 */
export async function installed(
  name: string,
  madeOf: readonly string[],
  install: (folder: string) => Promise<unknown>,
): Promise<string> {
  const hash = createHash('sha256');
  for (const file of madeOf) hash.update(readFileSync(file));
  const folder = join(CACHE, `${name}-${hash.digest('hex').slice(0, 16)}`);
  const done = join(folder, '.installed');
  if (existsSync(done)) return folder;
  // An interrupted install has no such file.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await install(folder);
  writeFileSync(done, '');
  return folder;
}

/** Runs a command until it ends. @throws with its output, unless it succeeded */
export async function run(
  [program, ...args]: readonly [program: string, ...args: string[]],
  { cwd, env = {} }: { cwd?: string; env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, PATH: TOOL_PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let said = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
    said += chunk;
  });
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const status = await new Promise<number | null>((ended, failed) => {
    child.once('error', failed);
    child.once('close', ended);
  });
  if (status !== 0) throw new Error(`${[program, ...args].join(' ')} ended with ${status}:\n${said}`);
  return out;
}
