/**
 * Two replicas of the server as in production, behind the balancer of the documents. They are not restarted: a
 * replica that ends without a request to stop is an error of ours.
 */
import type { ChildProcess } from 'node:child_process';
import { freePort } from '../../scripts/free-port.ts';
import { Refusal } from '../../scripts/refusal.ts';
import { until } from '../support/time/until.ts';
import { type Balancer, startHaproxy } from './haproxy.ts';
import type { Workshop } from './programs.ts';
import { type LogLine, spawnServer, untilReady } from './servers.ts';

export interface Replica {
  url: string;
  pid(): number;
  /** How many of its workers serve. */
  readyWorkers(): Promise<number>;
  start(): void;
  ready(): Promise<void>;
  /** Resolves with its exit status. */
  stop(): Promise<number | null>;
  kill(): void;
}

export interface Site {
  /** The address for clients: the balancer's. */
  url: string;
  balancer: Balancer;
  replicas: readonly [Replica, Replica];
  /** One sentence for each replica that ended without being asked. */
  ends: string[];
  /** Resolves when the balancer sends all kinds of requests to both. */
  allReady(): Promise<void>;
  stop(): void;
}

export interface SiteOptions {
  issuer: string;
  databaseUrl: string;
  env?: Readonly<Record<string, string>>;
  onLog(line: LogLine): void;
  /** The changes to the documents' HAProxy sample. */
  changes?: Readonly<Record<string, string>>;
}

/** The names of the sample's backends. */
const BACKENDS = ['ready', 'listnr', 'alive'];

/** Starts both replicas without waiting until they are ready. */
export async function startSite(workshop: Workshop, options: SiteOptions): Promise<Site> {
  const ends: string[] = [];
  const ports = [await freePort(), await freePort()] as const;
  const [one, two] = ports;
  const balancer = await startHaproxy(workshop, 'public', {
    '10.0.0.11:3000': `127.0.0.1:${one}`,
    '10.0.0.12:3000': `127.0.0.1:${two}`,
    ...options.changes,
  });
  const replica = async (port: number) => createReplica({ port, internal: await freePort() }, options, ends);
  const replicas = [await replica(one), await replica(two)] as const;
  return {
    url: `http://127.0.0.1:${balancer.port}`,
    balancer,
    replicas,
    ends,
    async allReady() {
      await Promise.all(replicas.map(({ ready }) => ready()));
      await until('HAProxy takes both replicas for up', async () => {
        const up = await Promise.all(BACKENDS.map((name) => balancer.up(name)));
        return up.every((count) => count === 2);
      });
    },
    stop() {
      for (const { kill } of replicas) kill();
    },
  };
}

function createReplica(
  { port, internal }: { port: number; internal: number },
  { issuer, databaseUrl, env, onLog }: SiteOptions,
  ends: string[],
): Replica {
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  let ended: Promise<number | null> = Promise.resolve(null);
  let asked = false;
  const kill = () => {
    asked = true;
    child?.kill('SIGKILL');
  };
  process.once('exit', kill);
  const replica: Replica = {
    url,
    pid: () => child?.pid ?? 0,
    async readyWorkers() {
      const answer = await fetch(`http://127.0.0.1:${internal}/readyz`).catch(() => undefined);
      return ((await answer?.json()) as { ready?: number } | undefined)?.ready ?? 0;
    },
    kill,
    ready: () =>
      Promise.race([
        untilReady(url, () => child?.pid),
        ended.then((code) => {
          throw new Refusal(
            `The replica at ${url} ended with ${code} before it was ready. ${ends.at(-1) ?? ''}`,
          );
        }),
      ]),
    start() {
      asked = false;
      const production = {
        NODE_ENV: 'production',
        TRUSTED_PROXIES: '127.0.0.1',
        INTERNAL_PORT: String(internal),
      };
      const started = spawnServer(port, { issuer, databaseUrl, onLog, env: { ...production, ...env } });
      child = started;
      let said = '';
      started.stderr.on('data', (text) => {
        said = `${said}${text}`.slice(-1000);
      });
      ended = new Promise((done) => {
        started.once('exit', (code, signal) => {
          if (!asked) ends.push(`the replica at ${url} ended with ${code ?? signal}: ${said.trim()}`);
          done(code);
        });
      });
    },
    stop() {
      asked = true;
      child?.kill('SIGTERM');
      return ended;
    },
  };
  replica.start();
  return replica;
}
