import { Refusal } from '../../scripts/refusal.ts';
import type { Flood } from '../scenarios/scenario.ts';
import { readDatabaseWork } from '../set-up/cluster.ts';
import type { Own } from '../set-up/own-server.ts';
import { cpuMsOf, endedChildrenCpuMs } from '../set-up/processes.ts';
import { type Load, type Play, type Played, play } from './wrk.ts';

/** The use of a load: CPU milliseconds, statements, and bytes of WAL. Only our own server has all of it. */
export interface Meters {
  generator: number;
  server?: number;
  database?: number;
  queries?: number;
  bytes?: number;
}

/**
 * Plays a load, and reads its use of the machine.
 * @throws Refusal when an answer was wrong, or there were too few requests for the time.
 */
export async function playMetered(
  what: Play,
  load: Load,
  own: Own | undefined,
  startFlood: () => Promise<Flood> | undefined = () => undefined,
): Promise<{ played: Played; spent: Meters }> {
  // Each measurement begins right after a checkpoint: after one, Postgres first writes each page whole.
  await own?.cluster.observer.query('CHECKPOINT');
  const start = await readMeters(own);
  const flood = await startFlood();
  const played = await play(what, load).finally(() => flood?.stop());
  const end = await readMeters(own);
  if (played.exhausted) throw new Refusal('It ran out of requests; give it fewer seconds.');
  return { played, spent: difference(start, end) };
}

async function readMeters(own: Own | undefined): Promise<Meters> {
  return {
    generator: endedChildrenCpuMs(),
    ...(own && {
      server: cpuMsOf(own.server.pid),
      database: cpuMsOf(own.cluster.pid),
      ...(await readDatabaseWork(own.cluster)),
    }),
  };
}

function difference(start: Meters, end: Meters): Meters {
  const names = Object.keys(end) as (keyof Meters)[];
  const entries = names.map((name) => [name, (end[name] ?? 0) - (start[name] ?? 0)]);
  return Object.fromEntries(entries);
}
