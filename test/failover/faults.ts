import { setTimeout as pause } from 'node:timers/promises';
import type { Node, Pair } from '../machines/patroni.ts';
import type { Wire } from '../machines/wire.ts';
import type { Way } from './ways.ts';
import { once } from './write-probe.ts';

export const FAULTS = [
  'kill',
  'switchover',
  'restart',
  'silent',
  'forgotten',
  'read-only',
  'demoted',
] as const;
export type FaultName = (typeof FAULTS)[number];

/** The faults that each way can meet, in order. */
export const FAULTS_OF: Record<Way, readonly FaultName[]> = {
  hosts: ['kill', 'switchover', 'restart', 'silent', 'forgotten', 'read-only'],
  haproxy: ['kill', 'switchover', 'silent', 'forgotten'],
  pgbouncer: ['kill', 'switchover', 'restart', 'silent', 'read-only'],
  address: ['demoted', 'silent', 'forgotten', 'restart'],
};

export const MEANING: Record<FaultName, string> = {
  kill: 'the primary and its Patroni get SIGKILL: a machine is lost',
  switchover: 'Patroni moves the primary to the other node',
  restart: 'Patroni restarts the primary in place',
  silent: 'the primary stops without closing a connection, and is killed later',
  forgotten: 'open connections carry nothing any more, new ones do',
  'read-only': 'the primary takes no writes for a while, connections stay',
  demoted: 'the address leads to the demoted node for a while; connections to it stay when it has moved on',
};

export interface Scene {
  way: Way;
  pair: Pair;
  /** The address that moves. */
  address: Wire;
}

export interface Struck {
  /** The earliest moment at which a server could write, if it is later than for Postgres itself. */
  possibleFrom?: number;
  /** Repairs the fault. */
  heal?: () => void;
}

const READ_ONLY_MS = 12_000;
const DEMOTED_MS = 8000;
/**
 * How long a request waits for the database. Until then all may be waiting, and nobody knows that no answer will
 * come.
 */
const NOTICED_MS = 5000;

/** Resolves when the fault is complete. */
export async function strike(name: FaultName, { way, pair, address }: Scene): Promise<Struck> {
  const leader = await pair.leader();
  switch (name) {
    case 'kill':
      leader.kill();
      return { heal: () => leader.boot() };
    case 'switchover':
      await pair.switchover();
      return {};
    case 'restart':
      await pair.restartPrimary();
      return {};
    case 'silent':
      leader.freeze();
      address.forget();
      await pair.led(pair.other(leader));
      address.lead(pair.other(leader).port);
      // If servers find the primary by this address, none could find it earlier.
      return {
        heal: () => reboot(leader),
        ...(way === 'address' ? { possibleFrom: performance.now() } : {}),
      };
    case 'forgotten':
      for (const wire of [address, ...pair.nodes.map((node) => node.wire)]) wire.forget();
      return { possibleFrom: performance.now() + NOTICED_MS };
    case 'read-only':
      return readOnly(pair, leader);
    case 'demoted': {
      await pair.switchover();
      await pause(DEMOTED_MS);
      address.lead(pair.other(leader).port);
      return { possibleFrom: performance.now() };
    }
  }
}

/** A reboot shows that the silent machine had lost its power. */
function reboot(node: Node): void {
  node.kill();
  node.wire.mend();
  node.boot();
}

async function readOnly(pair: Pair, { port }: Node): Promise<Struck> {
  const set = async (value: string) => {
    await once(pair, port, 'postgres', `ALTER SYSTEM SET default_transaction_read_only = ${value}`);
    await once(pair, port, 'postgres', 'SELECT pg_reload_conf()');
  };
  await set('on');
  await pause(READ_ONLY_MS);
  await set('off');
  return {};
}
