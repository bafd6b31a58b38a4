import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from '../ledger/ledger.ts';
import type { Replica, Site } from '../machines/replicas.ts';
import { childrenOf, isGone, signal } from '../support/servers/processes.ts';
import { until } from '../support/time/until.ts';

/**
 * `killed`, for a process that was ended without a request: when it was told, and when all its files and sockets were
 * closed.
 */
export interface Event extends Fault {
  killed?: { at: number; goneAt: number };
}

/** The pause between two events, so that each failure belongs to one of them. */
const REST_MS = 1000;
const REPLACED_MS = 60_000;

/** Stops a replica, waits for its end, starts it, and continues when HAProxy sends it requests again. */
export async function restartInTurn(site: Site, count: number): Promise<Event[]> {
  const events: Event[] = [];
  for (let n = 0; n < count; n += 1) {
    const replica = replicaOf(site, n);
    await pause(REST_MS);
    const startedAt = performance.now();
    const code = await replica.stop();
    if (code !== 0) site.ends.push(`a replica ended with ${code} at SIGTERM`);
    replica.start();
    await site.allReady();
    events.push({ kind: 'rolling restart', startedAt, endedAt: performance.now() });
  }
  return events;
}

/** Ends one worker after the other, in both replicas in turn. Each must be replaced. */
export async function killWorkers(site: Site, name: 'SIGTERM' | 'SIGKILL', count: number): Promise<Event[]> {
  const events: Event[] = [];
  for (let n = 0; n < count; n += 1) {
    const replica = replicaOf(site, n);
    const workers = childrenOf(replica.pid());
    const [victim] = workers;
    if (victim === undefined) throw new Error('A replica has no workers.');
    await pause(REST_MS);
    const startedAt = performance.now();
    signal([victim], name);
    while (!isGone(victim)) await pause(1);
    const goneAt = performance.now();
    await until(
      'a worker that ended is replaced by one that serves',
      async () => isGone(victim) && (await replica.readyWorkers()) === workers.length,
      REPLACED_MS,
    );
    await site.allReady();
    events.push({
      kind: `${name} to a worker`,
      startedAt,
      endedAt: performance.now(),
      ...(name === 'SIGKILL' ? { killed: { at: startedAt, goneAt } } : {}),
    });
  }
  return events;
}

function replicaOf({ replicas }: Site, n: number): Replica {
  return replicas[n % 2 === 0 ? 0 : 1];
}
