import { startHaproxy } from '../machines/haproxy.ts';
import type { Pair } from '../machines/patroni.ts';
import { startPgbouncer } from '../machines/pgbouncer.ts';
import type { Workshop } from '../machines/programs.ts';
import { layWire, type Wire } from '../machines/wire.ts';

/** The ways in which a server reaches the primary. */
export const WAYS = ['hosts', 'haproxy', 'pgbouncer', 'address'] as const;
export type Way = (typeof WAYS)[number];

export interface Road {
  databaseUrl(way: Way, database: string): string;
  /** An address that moves from one node to the other, like a virtual IP. */
  address: Wire;
}

/**
 * Sets up all of them: both hosts by name, HAProxy that asks Patroni, PgBouncer in front of that, an address that
 * moves.
 */
export async function layRoads(workshop: Workshop, pair: Pair): Promise<Road> {
  const { user, password, nodes } = pair;
  const [one, two] = nodes;
  const haproxy = await startHaproxy(workshop, 'primary', {
    'check port 8008 ': 'check ',
    '10.0.0.21:5432': `127.0.0.1:${one.wire.port} port ${one.apiPort}`,
    '10.0.0.22:5432': `127.0.0.1:${two.wire.port} port ${two.apiPort}`,
  });
  const pgbouncer = await startPgbouncer(workshop, { port: haproxy.port, user, password });
  const address = await layWire((await pair.leader()).port);
  const at = (hosts: string, database: string, parameters = '') =>
    `postgres://${user}:${password}@${hosts}/${database}${parameters}`;
  const both = nodes.map(({ wire }) => `127.0.0.1:${wire.port}`).join(',');
  return {
    address,
    databaseUrl(way, database) {
      switch (way) {
        case 'hosts':
          return at(both, database, '?target_session_attrs=read-write');
        case 'haproxy':
          return at(`127.0.0.1:${haproxy.port}`, database);
        case 'pgbouncer':
          return at(`127.0.0.1:${pgbouncer}`, database);
        case 'address':
          return at(`127.0.0.1:${address.port}`, database);
      }
    },
  };
}
