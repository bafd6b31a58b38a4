import { lookup } from 'node:dns/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { PostgresAddress, PostgresHost } from './address.ts';
import { lost } from './sqlstates.ts';

/** Every address of a name. */
export type LookUp = (name: string) => Promise<string[]>;

/** A place to try: a host, or one of the addresses that its name has. */
export interface Candidate extends PostgresHost {
  /** What is connected to: an address, a name or a folder. */
  target: string;
}

/** A host is given this long to answer before the next one is tried beside it. */
export const STAGGER_MS = 250;

/**
 * A name can have several addresses; TLS still wants the name. A name whose servers are slow keeps nobody from the
 * hosts that are known, and is heard when none of those will do.
 */
export async function* candidatesOf(
  { hosts, connectTimeoutMs }: Pick<PostgresAddress, 'hosts' | 'connectTimeoutMs'>,
  lookUp: LookUp = lookUpAll,
): AsyncGenerator<Candidate[]> {
  const known: Candidate[][] = hosts.map(() => []);
  const failures: Error[] = [];
  const looks = hosts.map(async (host, n) => {
    known[n] = await targetsOf(host, lookUp);
  });
  for (const look of looks) look.catch((error) => failures.push(error));
  const all = Promise.race([Promise.allSettled(looks), pause(connectTimeoutMs, undefined, { ref: false })]);
  const some = Promise.any(looks).then(
    () => pause(STAGGER_MS, undefined, { ref: false }),
    () => undefined,
  );
  await Promise.race([all, some]);
  const early = known.flat();
  if (early.length > 0) yield early;
  await all;
  const late = known.flat().filter((candidate) => !early.includes(candidate));
  if (late.length > 0) yield late;
  if (early.length + late.length === 0)
    throw lost(failures[0] ?? new Error(`no name server answered in ${connectTimeoutMs} ms`));
}

async function targetsOf(host: PostgresHost, lookUp: LookUp): Promise<Candidate[]> {
  if (host.hostaddr) return [{ ...host, target: host.hostaddr }];
  if (host.host.startsWith('/')) return [{ ...host, target: host.host }];
  return (await lookUp(host.host)).map((target) => ({ ...host, target }));
}

async function lookUpAll(name: string): Promise<string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}
