/**
 * The PostgreSQL that is installed on this machine, for throw-away clusters (tests, the chaos run, the benchmarks):
 * where its programs are, and which user runs them.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Refusal } from './refusal.ts';

const DEBIAN = '/usr/lib/postgresql';

/**
 * The folder with initdb and postgres: from the PATH, or the newest of Debian's, which are not in the PATH.
 * @throws Refusal that says what to install.
 */
export function findBinaries(): string {
  const versions = existing(DEBIAN).sort((a, b) => Number(b) - Number(a));
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...versions.map((version) => join(DEBIAN, version, 'bin')),
  ];
  const found = folders.find((folder) =>
    ['initdb', 'postgres'].every((name) => isExecutable(join(folder, name))),
  );
  if (found) return found;
  throw new Refusal(
    'No PostgreSQL is installed here (initdb and postgres): install one, on Debian with apt-get install postgresql. npm run test:postgres also takes another one, at TEST_DATABASE_URL.',
  );
}

/** Postgres does not run as root. Under root, it runs as the user of its package, or as nobody. */
export function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const name = spawnSync('id', ['-u', 'postgres']).status === 0 ? 'postgres' : 'nobody';
  const id = (option: string) => Number(execFileSync('id', [option, name], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function existing(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
