/**
 * A Postgres for a benchmark: a throw-away cluster with production settings, on loopback. It syncs what it commits,
 * and counts statements with pg_stat_statements. Its own checkpoints are so rare that none falls into a measurement.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { freePort } from '../../scripts/free-port.ts';
import { findBinaries, unprivilegedUser } from '../../scripts/installed-postgres.ts';
import { Refusal } from '../../scripts/refusal.ts';
import { waitForEnd } from './processes.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** The server's database. */
export const DATABASE = 'listo';
const START_SECONDS = 60;

const SETTINGS = [
  'fsync=on',
  'synchronous_commit=on',
  'full_page_writes=on',
  'shared_buffers=512MB',
  'max_wal_size=8GB',
  'checkpoint_timeout=1h',
  'max_connections=200',
  'shared_preload_libraries=pg_stat_statements',
] as const;

export interface Cluster {
  /** The postmaster, an ancestor of all of Postgres' processes. */
  pid: number;
  /** The server's database, empty at first. */
  url: string;
  database: string;
  version: string;
  /** Another database of the cluster, whose queries are not counted with the server's. */
  observer: Client;
  stop(): Promise<void>;
}

interface Owner {
  uid: number;
  gid: number;
}

/** @throws Refusal when no Postgres is installed, or it does not start. */
export async function startCluster(): Promise<Cluster> {
  const bin = findBinaries();
  const owner = unprivilegedUser();
  const { path: folder, remove } = temporaryFolder('postgres');
  const password = randomBytes(16).toString('hex');
  if (owner) chownSync(folder, owner.uid, owner.gid);
  initialize({ bin, folder, owner, password });
  const port = await freePort();
  const server = startPostgres({ bin, folder, owner, port });
  const killed = () => {
    server.child.kill('SIGQUIT');
    waitForEnd(server.child.pid ?? 0);
  };
  process.prependOnceListener('exit', killed);
  await server.ready;
  const urlOf = (database: string) => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
  const observer = await connect(urlOf('postgres'));
  await observer.query(`CREATE DATABASE ${DATABASE}`);
  await observer.query('CREATE EXTENSION pg_stat_statements');
  const { rows } = await observer.query('SHOW server_version');
  return {
    pid: server.child.pid ?? 0,
    url: urlOf(DATABASE),
    database: DATABASE,
    version: String(rows[0].server_version),
    observer,
    async stop() {
      await observer.end();
      server.child.kill('SIGINT');
      await server.ended;
      process.off('exit', killed);
      remove();
    },
  };
}

/** The same cluster with another empty database, for a second server. The first one stops both. */
export async function addDatabase(cluster: Cluster, database: string): Promise<Cluster> {
  await cluster.observer.query(`CREATE DATABASE ${database}`);
  const url = new URL(cluster.url);
  url.pathname = `/${database}`;
  return { ...cluster, database, url: url.href };
}

/** A connection for the benchmark. Stopping the cluster may cut it; a pending query then fails. */
export async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** The server's statements and WAL bytes so far. */
export async function readDatabaseWork({
  observer,
  database,
}: Cluster): Promise<{ queries: number; bytes: number }> {
  const { rows } = await observer.query(
    `SELECT coalesce(sum(calls), 0)::float8 AS queries,
            pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 AS bytes
     FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = $1)`,
    [database],
  );
  return rows[0];
}

interface Place {
  bin: string;
  folder: string;
  owner: Owner | undefined;
}

function initialize({ bin, folder, owner, password }: Place & { password: string }): void {
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (owner) chownSync(passwordFile, owner.uid, owner.gid);
  const options = ['--username=postgres', '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C'];
  const { status, stderr } = spawnSync(
    join(bin, 'initdb'),
    [`--pgdata=${join(folder, 'cluster')}`, `--pwfile=${passwordFile}`, ...options],
    { ...owner, cwd: folder, encoding: 'utf8' },
  );
  if (status !== 0) throw new Refusal(`initdb could not make a throw-away cluster:\n${stderr.trim()}`);
}

/** Postgres has its own process group, so that Ctrl-C does not stop it before the server that uses it. */
function startPostgres({ bin, folder, owner, port }: Place & { port: number }) {
  const settings = [
    ...SETTINGS,
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
  const ready = new Promise<void>((done, failed) => {
    child.stderr.on('data', (chunk) => {
      if (log.length < 10_000) log += chunk;
      if (log.includes('ready to accept connections')) done();
    });
    const refuse = () => failed(new Refusal(`Postgres did not start:\n${log.trim()}`));
    ended.then(refuse);
    sleep(START_SECONDS * 1000, undefined, { ref: false }).then(refuse);
  });
  return { child, ready, ended };
}
