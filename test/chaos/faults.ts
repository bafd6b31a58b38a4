import { setTimeout as pause } from 'node:timers/promises';
import type { Ledger } from '../ledger/ledger.ts';
import type { Random } from '../ledger/random.ts';
import type { Cluster } from '../machines/cluster.ts';
import type { Server } from '../machines/servers.ts';

const ROUND = [
  'SIGKILL',
  'SIGKILL',
  'Postgres restart fast',
  'Postgres restart immediate',
  'connections to Postgres cut',
  'connections to clients cut',
] as const;
export type FaultKind = (typeof ROUND)[number];

const GAP_MS = [3000, 5000] as const;
/** The share of kills that leave no process alive. */
const KILL_BOTH = 0.15;

/**
 * Breaks something every few seconds until `done`, in rounds with each kind of fault. A broken part stays broken when
 * the next one breaks: a process may die while Postgres restarts. Resolves when all has recovered.
 */
export async function injectFaults({
  cluster,
  servers,
  random,
  ledger,
  done,
}: {
  cluster: Cluster;
  servers: readonly Server[];
  random: Random;
  ledger: Ledger;
  done: (faults: number) => boolean;
}): Promise<void> {
  let round: FaultKind[] = [];
  let restarted: Promise<unknown> = Promise.resolve();
  const recoveries: Promise<unknown>[] = [];

  for (let count = 0; !done(count); count += 1) {
    await pause(random.between(...GAP_MS) * ledger.pace);
    if (round.length === 0) round = random.shuffle(ROUND);
    const kind = round.shift() ?? 'SIGKILL';
    if (kind.startsWith('Postgres')) await restarted;
    const startedAt = performance.now();
    const recovered = breakIt(kind, { cluster, servers, random }).then(() => {
      ledger.faults.push({ kind, startedAt, endedAt: performance.now() });
    });
    if (kind.startsWith('Postgres')) restarted = recovered;
    recoveries.push(recovered);
  }
  await Promise.all(recoveries);
}

async function breakIt(
  kind: FaultKind,
  { cluster, servers, random }: { cluster: Cluster; servers: readonly Server[]; random: Random },
): Promise<void> {
  const one = random.shuffle(servers).slice(0, random.chance(KILL_BOTH) ? 2 : 1);
  switch (kind) {
    case 'SIGKILL':
      for (const server of one) server.kill();
      await Promise.all(one.map((server) => server.ready()));
      return;
    case 'Postgres restart fast':
      return cluster.restart('fast');
    case 'Postgres restart immediate':
      return cluster.restart('immediate');
    case 'connections to Postgres cut':
      for (const server of one) server.database.cut();
      return;
    case 'connections to clients cut':
      for (const server of servers) server.clients.cut();
  }
}
