import type { Workshop } from '../load/material.ts';
import type { Play } from '../load/wrk.ts';

/** A kind of request to measure, and its target. */
export interface Scenario {
  name: string;
  /** The name in the table. */
  title: string;
  /**
   * The yardstick: password hashes, or RSA signatures, of which each request makes `each`. A request without a
   * signature is compared with signatures as well, only to remove the machine's speed from the figure.
   */
  limit: { of: 'signatures'; each: 1 | 2 } | { of: 'hashes' };
  target?: Target;
  /** The signatures that even a server that checks nothing would make for an answer. Left out where it has no sense. */
  floor?: { signatures: 0 | 1 | 2 };
  /** Whether every OpenID provider supports it, not only this server. */
  general: boolean;
  /** Makes the requests for at least `count` answers, in the workshop's folder, before the measurement. */
  prepare(workshop: Workshop, count: number): Promise<Play>;
  /** Makes other load beside these requests. Then they are measured without it first. */
  flood?(workshop: Workshop): Promise<Flood>;
  /** Whether a request works only once, so that `count` of them are needed. */
  perishable?: boolean;
}

/** Load that goes on until it is stopped. */
export interface Flood {
  stop(): Promise<void>;
}

/** The target beside the result. */
export type Target =
  | { kind: 'ratio'; atLeast: number }
  /** The server's CPU milliseconds for a request. */
  | { kind: 'serverCpuMs'; atMost: number }
  /** How many times the p99 without a flood the p99 during it is. */
  | { kind: 'slowdown'; atMost: number };
