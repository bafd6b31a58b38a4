/**
 * Runs its arguments as a command with a Postgres at TEST_DATABASE_URL: the given one, or a throw-away one. That runs
 * from the installed binaries in a temporary folder until the command ends. It listens only on loopback, and does not
 * sync, since no data is kept.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { findBinaries, unprivilegedUser } from './installed-postgres.ts';
import { Refusal } from './refusal.ts';

const FAST = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_connections=200'];
const START_SECONDS = 60;

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Refusal ? error.message : error.stack}\n`);
  process.exitCode = 1;
}

async function main(command) {
  if (process.env.TEST_DATABASE_URL) return run(command, process.env.TEST_DATABASE_URL);
  const cluster = await startCluster();
  try {
    return await run(command, cluster.url);
  } finally {
    await cluster.stop();
  }
}

/** The terminal itself sends Ctrl-C to the command. This waits for the command, so that the database outlives it. */
function run([name, ...args], url) {
  const child = spawn(name, args, { stdio: 'inherit', env: { ...process.env, TEST_DATABASE_URL: url } });
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', (code, signal) => done(signal ? 130 : code));
  });
}

async function startCluster() {
  const bin = findBinaries();
  const owner = unprivilegedUser();
  const folder = mkdtempSync(join(tmpdir(), 'listo-postgres-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    if (owner) chownSync(folder, owner.uid, owner.gid);
    const password = randomBytes(16).toString('hex');
    initialize({ bin, folder, owner, password });
    const port = await freePort();
    const server = startPostgres({ bin, folder, owner, port });
    process.once('exit', () => {
      server.process.kill('SIGQUIT');
      remove();
    });
    await server.ready;
    const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
    return { url, stop: () => server.stop().finally(remove) };
  } catch (error) {
    remove();
    throw error;
  }
}

function initialize({ bin, folder, owner, password }) {
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (owner) chownSync(passwordFile, owner.uid, owner.gid);
  const { status, stderr } = spawnSync(
    join(bin, 'initdb'),
    [
      `--pgdata=${join(folder, 'cluster')}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
    ],
    { ...owner, cwd: folder, encoding: 'utf8' },
  );
  if (status !== 0) throw new Refusal(`initdb could not make a throw-away cluster:\n${stderr.trim()}`);
}

/** Postgres has its own process group, so that Ctrl-C does not stop it before the command that uses it. */
function startPostgres({ bin, folder, owner, port }) {
  const settings = [
    ...FAST,
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    `unix_socket_directories=${folder}`,
  ];
  const child = spawn(
    join(bin, 'postgres'),
    ['-D', join(folder, 'cluster'), ...settings.flatMap((setting) => ['-c', setting])],
    { ...owner, cwd: folder, detached: true, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  const ended = new Promise((done) => child.once('close', done));
  const ready = new Promise((done, failed) => {
    child.stderr.on('data', (chunk) => {
      if (log.length < 10_000) log += chunk;
      if (log.includes('ready to accept connections')) done();
    });
    const refuse = () => failed(new Refusal(`Postgres did not start:\n${log.trim()}`));
    ended.then(refuse);
    sleep(START_SECONDS * 1000, undefined, { ref: false }).then(refuse);
  });
  return {
    process: child,
    ready,
    async stop() {
      child.kill('SIGQUIT');
      await ended;
    },
  };
}
