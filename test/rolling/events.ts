import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from '../ledger/ledger.ts';
import type { Replica, Site } from '../machines/replicas.ts';
import { childrenOf, isGone, signal } from '../support/processes.ts';
import { until } from '../support/until.ts';

/** Of a process that was ended without being asked: when it was told, and when all that it had open was closed. */
export interface Event extends Fault {
  killed?: { at: number; goneAt: number };
}

/** Between two of them, so that what fails can be told apart. */
const REST_MS = 1000;
const REPLACED_MS = 60_000;

/** Stops one, waits until it has ended, starts it again, and goes on when HAProxy sends it something again. */
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

/** Ends one worker after the other, in both replicas in turn; each has to be replaced. */
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
