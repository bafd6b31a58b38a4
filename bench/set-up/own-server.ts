import { progress } from '../program.ts';
import { addDatabase, type Cluster, startCluster } from './cluster.ts';
import type { Program } from './program.ts';
import { applySeed, productionEnvironment, startServer } from './server.ts';
import { signInPeople } from './sign-in.ts';
import { ownTarget, type Target } from './target.ts';

/** The number of signed-in browsers. */
const SESSIONS = 100;

/** A seeded database, and the environment of a server on it. */
export interface Ground {
  cluster: Cluster;
  environment: Record<string, string>;
  /** The checkout of the server: by default this one. */
  root?: string;
}

/** Our server with its own database. */
export interface Own extends Ground {
  server: Program;
}

/** Runs `use` with a seeded cluster, then removes the cluster. */
export async function withGround<T>(use: (ground: Ground) => Promise<T>): Promise<T> {
  progress('Starting Postgres ...');
  const cluster = await startCluster();
  try {
    const environment = productionEnvironment(cluster.url);
    applySeed(environment);
    return await use({ cluster, environment });
  } finally {
    await cluster.stop();
  }
}

/** Another seeded database on the same cluster, for the server of a checkout with some variables of its own. */
export async function secondGround(
  { cluster }: Ground,
  { root, extra }: { root: string; extra: Record<string, string> },
): Promise<Ground> {
  const second = await addDatabase(cluster, 'second');
  const environment = { ...productionEnvironment(second.url, root), ...extra };
  applySeed(environment, root);
  return { cluster: second, environment, root };
}

/** Runs `use` with a server on that database, then stops the server. */
export async function withServer<T>(
  ground: Ground,
  {
    workers,
    nodeOptions = [],
    extra = {},
    node,
  }: { workers: number; nodeOptions?: readonly string[]; extra?: Record<string, string>; node?: string },
  use: (own: Own) => Promise<T>,
): Promise<T> {
  progress(`Starting the server, ${workers} ${workers === 1 ? 'process' : 'processes'} ...`);
  const environment = { ...ground.environment, ...extra };
  const server = await startServer({
    ...ground,
    workers,
    environment,
    nodeOptions,
    ...(node ? { node } : {}),
  });
  try {
    return await use({ ...ground, server });
  } finally {
    await server.stop();
  }
}

/** The server as a target with signed-in people. */
export async function signedInTarget({ server }: Own, count = SESSIONS): Promise<Target> {
  const target = await ownTarget(server.base);
  progress(`Signing ${count} people in ...`);
  target.sessions = await signInPeople(target, count);
  return target;
}
