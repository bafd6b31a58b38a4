import { randomBytes } from 'node:crypto';
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePort } from '../../scripts/free-port.ts';
import { findBinaries } from '../../scripts/installed-postgres.ts';
import { childrenOf, signal } from '../support/servers/processes.ts';
import { until } from '../support/time/until.ts';
import { listens, type Program, type Workshop } from './programs.ts';
import { layWire, type Wire } from './wire.ts';

/** One of two machines, each with a Postgres that Patroni manages. */
export interface Node {
  name: string;
  /** The port of Postgres itself. Servers go through the wire. */
  port: number;
  wire: Wire;
  /** The port of Patroni, whose /primary says whether this node is the primary. */
  apiPort: number;
  /** Stops the machine and everything on it, silently, until it is killed. */
  freeze(): void;
  /** Cuts the power: kills Patroni and every process of Postgres. */
  kill(): void;
  /** Restores the power. */
  boot(): void;
}

export interface Pair {
  nodes: readonly [Node, Node];
  user: string;
  password: string;
  leader(): Promise<Node>;
  /** Resolves when `node` is the primary. */
  led(node: Node): Promise<void>;
  other(node: Node): Node;
  /** Patroni's own command: stops the primary and promotes the other node. */
  switchover(): Promise<void>;
  restartPrimary(): Promise<void>;
  /** Resolves when there is one primary and the other node follows it synchronously. */
  whole(): Promise<void>;
  stop(): void;
}

/** Patroni's defaults, or its shortest times, for a short run. */
export const PATIENCE = {
  default: { ttl: 30, loop_wait: 10, retry_timeout: 10 },
  quick: { ttl: 20, loop_wait: 2, retry_timeout: 5 },
};
export type Patience = (typeof PATIENCE)[keyof typeof PATIENCE];

interface Member {
  name: string;
  role: string;
  state: string;
}

const WHOLE_MS = 180_000;
const USER = 'postgres';

export async function startPair(workshop: Workshop, patience: Patience): Promise<Pair> {
  const etcd = await startEtcd(workshop);
  const password = randomBytes(16).toString('hex');
  const node = (name: string) => startNode(workshop, { name, etcd, password, patience });
  const nodes = [await node('one'), await node('two')] as const;

  const members = async (): Promise<Member[]> => {
    for (const { apiPort } of nodes) {
      const answer = await callApi(apiPort, 'GET', '/cluster').catch(() => undefined);
      if (answer?.ok) return ((await answer.json()) as { members: Member[] }).members;
    }
    return [];
  };
  const leader = async () => {
    const name = (await members()).find(({ role }) => role === 'leader')?.name;
    const found = nodes.find((one) => one.name === name);
    if (!found) throw new Error('Patroni knows no leader.');
    return found;
  };
  const other = (one: Node) => (one === nodes[0] ? nodes[1] : nodes[0]);

  return {
    nodes,
    user: USER,
    password,
    leader,
    other,
    led: (node) =>
      until(
        `${node.name} is the primary`,
        async () => (await callApi(node.apiPort, 'GET', '/primary').catch(() => undefined))?.ok === true,
        WHOLE_MS,
      ),
    async switchover() {
      const from = await leader();
      await order(from.apiPort, '/switchover', { leader: from.name, candidate: other(from).name });
    },
    async restartPrimary() {
      await order((await leader()).apiPort, '/restart', {});
    },
    whole: () =>
      until(
        'one primary and a synchronous standby',
        async () => {
          const roles = (await members()).filter(({ state }) => state === 'running' || state === 'streaming');
          const isPlayed = (role: string) => roles.some((member) => member.role === role);
          return isPlayed('leader') && isPlayed('sync_standby');
        },
        WHOLE_MS,
      ),
    stop() {
      for (const one of nodes) {
        one.kill();
        one.wire.close();
      }
    },
  };
}

async function startEtcd(workshop: Workshop): Promise<string> {
  const [port, peer] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  workshop.start('etcd', [
    ...['--name', 'one', '--data-dir', join(workshop.folder, 'etcd')],
    ...['--listen-client-urls', url, '--advertise-client-urls', url],
    ...['--listen-peer-urls', `http://127.0.0.1:${peer}`, '--log-level', 'warn'],
  ]);
  await until('etcd listens', () => listens(port));
  return `127.0.0.1:${port}`;
}

interface NodeOptions {
  name: string;
  etcd: string;
  password: string;
  patience: Patience;
}

async function startNode(workshop: Workshop, options: NodeOptions): Promise<Node> {
  const [port, apiPort] = [await freePort(), await freePort()];
  const wire = await layWire(port);
  const folder = join(workshop.folder, options.name);
  const dataDir = join(folder, 'postgres');
  const file = join(workshop.folder, `${options.name}.json`);
  // JSON is also YAML.
  writeFileSync(file, JSON.stringify(patroniSettings(options, { port, apiPort, dataDir, workshop })));
  let patroni: Program | undefined;
  let frozen: number[] = [];

  const processes = () => {
    const postmaster = postmasterOf(dataDir);
    return [patroni?.pid ?? 0, ...(postmaster ? [postmaster, ...childrenOf(postmaster)] : [])];
  };
  const boot = () => {
    patroni = workshop.start('patroni', [file]);
  };
  boot();
  const kill = () => {
    signal(new Set([...frozen, ...processes()].filter((pid) => pid > 0)), 'SIGKILL');
    frozen = [];
    patroni = undefined;
  };
  // This runs before the folder is removed.
  process.prependOnceListener('exit', kill);

  return {
    name: options.name,
    port,
    wire,
    apiPort,
    boot,
    kill,
    freeze() {
      wire.silence();
      frozen = processes();
      signal(frozen, 'SIGSTOP');
    },
  };
}

function patroniSettings(
  { name, etcd, password, patience }: NodeOptions,
  {
    port,
    apiPort,
    dataDir,
    workshop,
  }: { port: number; apiPort: number; dataDir: string; workshop: Workshop },
) {
  const login = (username: string) => ({ username, password });
  return {
    scope: 'listo',
    name,
    restapi: { listen: `127.0.0.1:${apiPort}`, connect_address: `127.0.0.1:${apiPort}` },
    etcd3: { host: etcd },
    bootstrap: {
      // A synchronous standby keeps every acknowledged commit when the primary is lost.
      dcs: { ...patience, synchronous_mode: true, postgresql: { use_pg_rewind: true } },
      initdb: [{ encoding: 'UTF8' }, { locale: 'C' }, 'data-checksums'],
    },
    postgresql: {
      listen: `127.0.0.1:${port}`,
      connect_address: `127.0.0.1:${port}`,
      data_dir: dataDir,
      // The real folder: Patroni needs more programs than those with links in the PATH.
      bin_dir: dirname(realpathSync(join(findBinaries(), 'postgres'))),
      pgpass: join(workshop.folder, `${name}.pgpass`),
      authentication: { superuser: login(USER), replication: login('replicator'), rewind: login('rewinder') },
      parameters: { unix_socket_directories: workshop.folder, wal_log_hints: 'on' },
      pg_hba: ['host all all 127.0.0.1/32 scram-sha-256', 'host replication all 127.0.0.1/32 scram-sha-256'],
    },
    watchdog: { mode: 'off' },
  };
}

/** The process id from Postgres' own file; undefined when it does not run. */
function postmasterOf(dataDir: string): number | undefined {
  try {
    return Number(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
  } catch {
    return undefined;
  }
}

async function order(apiPort: number, path: string, body: Record<string, string>): Promise<void> {
  const answer = await callApi(apiPort, 'POST', path, body);
  if (!answer.ok) throw new Error(`Patroni refused ${path}: ${answer.status} ${await answer.text()}`);
}

function callApi(apiPort: number, method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`http://127.0.0.1:${apiPort}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(method === 'GET' ? 2000 : 60_000),
  });
}
