import { progress } from '../program.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { applySeed, productionEnvironment, type Server, startServer } from './server.ts';
import { signInPeople } from './sign-in.ts';
import { ownTarget, type Target } from './target.ts';

/** The number of signed-in browsers. */
const SESSIONS = 100;

/** A seeded database, and the environment of a server on it. */
export interface Ground {
  cluster: Cluster;
  environment: Record<string, string>;
}

/** Our server with its own database. */
export interface Own extends Ground {
  server: Server;
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

/** Runs `use` with a server on that database, then stops the server. */
export async function withServer<T>(
  { cluster, environment }: Ground,
  {
    workers,
    nodeOptions = [],
    extra = {},
  }: { workers: number; nodeOptions?: readonly string[]; extra?: Record<string, string> },
  use: (own: Own) => Promise<T>,
): Promise<T> {
  progress(`Starting the server, ${workers} ${workers === 1 ? 'process' : 'processes'} ...`);
  const server = await startServer({ workers, environment: { ...environment, ...extra }, nodeOptions });
  try {
    return await use({ cluster, environment, server });
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
