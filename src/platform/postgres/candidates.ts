import { lookup } from 'node:dns/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { PostgresAddress, PostgresHost } from './address.ts';
import { lost } from './sqlstates.ts';

/** Finds every address of a name. */
export type LookUp = (name: string) => Promise<string[]>;

/** A place to try: a host, or one of the addresses that its name has. */
export interface Candidate extends PostgresHost {
  /** The address, name or folder to connect to. */
  target: string;
}

/** After this time without an answer from a host, the next one is tried as well. */
export const STAGGER_MS = 250;

/**
 * Yields the hosts to try. A name can have several addresses; TLS still checks the name. The first batch does not
 * wait for slow name servers; the second has the names they resolve.
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
