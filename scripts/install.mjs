/**
 * Makes `npm start` and `npm test` work in a fresh clone. It installs the locked dependencies when they are missing
 * or differ from the lock file, and checks that Node 24 is there. It runs before every npm script, on any Node from
 * 18, so it uses only Node itself.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const LOCK = join(ROOT, '.installing');
const UNREACHABLE = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)\b/;
const OLDEST_NODE = [24, 7];
/** After this many failed attempts and no successful one, there is no network. npm itself would try for minutes. */
const VAIN_ATTEMPTS = 30;

/** An error that is not a fault of this script. It is printed without a stack. */
class Refusal extends Error {}

try {
  if (!isInstalled()) await installOnce();
  checkNode();
} catch (error) {
  process.stderr.write(`${error instanceof Refusal ? error.message : error.stack}\n`);
  process.exitCode = 1;
}

/** npm writes its list of installed packages last, so an interrupted install has none. */
function isInstalled() {
  const wanted = readPackages('package-lock.json');
  const present = readPackages('node_modules/.package-lock.json');
  // In an image or a release, `npm ci --omit=dev` was enough for serving. Every other script needs all dependencies.
  const productionOnly = process.env.npm_lifecycle_event === 'prestart' && isRecent(process.versions.node);
  return Object.entries(wanted).every(([path, { version, integrity, optional, dev, devOptional }]) => {
    if (path === '' || optional || devOptional || (dev && productionOnly)) return true;
    return present[path]?.version === version && present[path]?.integrity === integrity;
  });
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(join(ROOT, file), 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}

/** If two processes start at once, one installs and the other waits for it. */
async function installOnce() {
  for (let waited = false; !takeLock(); waited = true) {
    if (!waited) say('Another process is installing the dependencies here; waiting for it ...');
    await sleep(500);
  }
  process.once('exit', () => rmSync(LOCK, { force: true }));
  if (!isInstalled()) await install();
}

function takeLock() {
  try {
    writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') {
      throw new Refusal(
        `The dependencies are not installed, and ${ROOT} cannot be written to (${error.code}): copy it somewhere writable, or run npm ci there first.`,
      );
    }
    if (isAbandoned()) rmSync(LOCK, { force: true });
    return false;
  }
}

/** True when the lock's process is gone, or the lock has named no process for a few seconds. */
function isAbandoned() {
  try {
    const pid = Number(readFileSync(LOCK, 'utf8'));
    return pid ? !isAlive(pid) : Date.now() - statSync(LOCK).mtimeMs > 5000;
  } catch {
    return false;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

async function install() {
  say('Installing the dependencies, once; this takes about a minute ...');
  const { code, signal, output } = await runNpm([
    'ci',
    '--include=dev',
    '--prefer-offline',
    '--loglevel=http',
  ]);
  if (code === 0) return;
  if (signal) process.exit(130);
  const [, cause = UNREACHABLE.exec(output)?.[0] ?? ''] = /npm (?:error|ERR!) code (\S+)/.exec(output) ?? [];
  if (UNREACHABLE.test(cause)) {
    throw new Refusal(
      `The npm registry cannot be reached (${cause}), and the dependencies are needed once: connect to the network, or tell npm its proxy, and run this again.`,
    );
  }
  if (cause === 'ENOSPC') throw new Refusal('There is no space left for the dependencies (500 MB).');
  const said = output.split('\n').filter((line) => /^npm (error|ERR!)/.test(line));
  throw new Refusal(`npm could not install the dependencies:\n${said.slice(0, 20).join('\n')}`);
}

/** Runs npm, if possible the one that runs this script, and keeps its output in case it fails. */
function runNpm(args) {
  const npm = process.env.npm_execpath;
  const [command, first] = npm ? [process.execPath, [npm]] : ['npm', []];
  const child = spawn(command, [...first, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
      const reached = /fetch GET \d/.test(output);
      if (!reached && output.split(' failed with E').length > VAIN_ATTEMPTS) child.kill();
    });
  }
  let signal;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(name, () => {
      signal = name;
      child.kill(name);
    });
  }
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', (code) => done({ code, signal, output }));
  });
}

/** The `node` package gives npm scripts Node 24, unless its install script may not run. */
function checkNode() {
  if (isRecent(process.versions.node)) return;
  const { stdout } = spawnSync(join(ROOT, 'node_modules/.bin/node'), ['-p', 'process.versions.node'], {
    encoding: 'utf8',
  });
  if (isRecent(stdout ?? '')) return;
  throw new Refusal(
    `Node ${OLDEST_NODE.join('.')} or later is needed and this is ${process.versions.node}: the package that brings it could not run its install script. Install Node 24, or run: npm rebuild node --ignore-scripts=false`,
  );
}

function isRecent(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
}

function say(sentence) {
  process.stderr.write(`${sentence}\n`);
}
