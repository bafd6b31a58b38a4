import type { Workshop } from './material.ts';
import type { Play } from './wrk.ts';

/** What is measured: one kind of request, and what a good figure for it is. */
export interface Scenario {
  name: string;
  /** As a table says it. */
  title: string;
  /**
   * What it is held against: RSA signatures, of which a token request makes so many, or password hashes. For a
   * request that makes no signature it is a yardstick only, which takes the speed of the machine out of the figure.
   */
  limit: { of: 'signatures'; each: 1 | 2 } | { of: 'hashes' };
  target?: Target;
  /** Whether any OpenID provider can do it, and not only this server. */
  general: boolean;
  /** Makes the requests for `count` or more answers, in the workshop's folder; nothing of this is measured. */
  prepare(workshop: Workshop, count: number): Promise<Play>;
  /** Whether a request can be used only once, so that `count` of them are needed. */
  perishable?: boolean;
}

/** What is aimed at, beside the result. */
export type Target =
  | { kind: 'ratio'; atLeast: number }
  /** CPU milliseconds a request of the server. */
  | { kind: 'serverCpuMs'; atMost: number };
