/**
 * The files of another commit, in a temporary folder with the dependencies of that commit. Nothing is changed in this
 * clone.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal } from '../../scripts/refusal.ts';
import { progress } from '../program.ts';
import { HERE } from './server.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface Checkout {
  root: string;
  /** The first 12 digits of its hash. */
  commit: string;
  remove(): void;
}

/** @throws Refusal when this clone has no such commit, or its dependencies cannot be installed. */
export function checkOut(revision: string): Checkout {
  const parse = [
    'rev-parse',
    '--verify',
    '--quiet',
    '--short=12',
    '--end-of-options',
    `${revision}^{commit}`,
  ];
  const commit = run('git', parse, HERE, `There is no commit ${revision} here.`).trim();
  const { path, remove } = temporaryFolder('commit');
  const [root, archive] = [join(path, 'checkout'), join(path, 'commit.tar')];
  mkdirSync(root);
  run('git', ['archive', `--output=${archive}`, commit], HERE, `git could not write the files of ${commit}`);
  run('tar', ['-xf', archive], root, `tar could not unpack the files of ${commit}`);
  addDependencies(root);
  return { root, commit, remove };
}

/** The present dependencies serve where both lock files are the same. */
function addDependencies(root: string): void {
  const lock = (folder: string) => readFileSync(join(folder, 'package-lock.json'), 'utf8');
  if (lock(root) === lock(HERE)) {
    symlinkSync(join(HERE, 'node_modules'), join(root, 'node_modules'));
    return;
  }
  progress('Installing the dependencies of the other commit ...');
  // The program that makes the bundle is no dependency of the server.
  const omit = existsSync(join(root, 'scripts/bundle.ts')) ? [] : ['--omit=dev'];
  const install = ['ci', ...omit, '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  run('npm', install, root, 'npm could not install the dependencies of the other commit');
}

function run(program: string, args: readonly string[], cwd: string, otherwise: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  if (status === 0) return stdout;
  const cause = error?.message ?? stderr.trim();
  throw new Refusal(cause ? `${otherwise}: ${cause}` : otherwise);
}
