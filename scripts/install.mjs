/**
 * Makes `npm start` and `npm test` work in a fresh clone: installs the locked dependencies when they are
 * missing or older than the lock file. Runs on whatever Node the machine has (18 or later), before the
 * Node 24 that is itself one of those dependencies exists.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const lock = `${root}package-lock.json`;
const installed = `${root}node_modules/.installed-lock.json`;

const isCurrent = existsSync(installed) && readFileSync(installed, 'utf8') === readFileSync(lock, 'utf8');

if (!isCurrent) {
  console.error('Installing dependencies (once; about a minute) ...');
  const npm = process.env.npm_execpath;
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const result = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
    : spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status !== 0) {
    console.error('npm could not install the dependencies; its messages are above.');
    process.exit(result.status ?? 1);
  }
  copyFileSync(lock, installed);
}
