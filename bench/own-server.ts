import { type Cluster, startCluster } from './cluster.ts';
import { progress } from './program.ts';
import { applySeed, productionEnvironment, type Server, startServer } from './server.ts';
import { signInPeople } from './sign-in.ts';
import { ownTarget, type Target } from './target.ts';

/** Browsers that are signed in. */
const SESSIONS = 100;

/** A seeded database, and the environment to start a server on it with. */
export interface Ground {
  cluster: Cluster;
  environment: Record<string, string>;
}

/** Our server on a database of its own. */
export interface Own extends Ground {
  server: Server;
}

/** Gives `use` a cluster with the benchmark's seed, and takes it away afterwards. */
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

/** Gives `use` a server on that ground, and stops it afterwards. */
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

/** The server as a target, with people signed in. */
export async function signedInTarget({ server }: Own, count = SESSIONS): Promise<Target> {
  const target = await ownTarget(server.base);
  progress(`Signing ${count} people in ...`);
  target.sessions = await signInPeople(target, count);
  return target;
}
