import { createHash } from 'node:crypto';

/**
 * The record of requests and answers, with times. It has only fingerprints of tokens and codes, so that it may be
 * printed. It judges nothing: checks.ts reads it afterwards.
 */
export const OPERATIONS = [
  'refresh',
  'userinfo',
  'introspection',
  'listnr',
  'authorization',
  'exchange',
  'revocation',
  'sign-out',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/**
 * `refused`: the protocol says no (4xx, or an introspection that is not active). `error`: a 5xx that is not the
 * documented 503, or a wrong answer. `silence`: the connection ended without an answer.
 */
export type Outcome = 'ok' | 'unavailable' | 'refused' | 'error' | 'silence';

export interface Entry {
  operation: Operation;
  /** When it was sent, and when its answer was complete, in milliseconds since the run began. */
  startedAt: number;
  endedAt: number;
  outcome: Outcome;
  /** For an outcome other than `ok`: status and error. */
  detail?: string;
  /** Our own name for the sign-in. */
  grant?: string;
  /** The fingerprint of the presented code or token. */
  presented?: string;
  /** True for a forbidden use: a refresh token whose successor was used, or a code that was already exchanged. */
  misuse?: true;
  given?: Given;
  /** The grants, or the fingerprint of the one access token, that it ends when it succeeds. */
  ends?: { grants?: readonly string[]; token?: string };
}

/** Fingerprints of the tokens from a refresh or an exchange. */
export interface Given {
  accessToken: string;
  refreshToken: string;
  /** The sequence of the refresh token: how often its sign-in has been refreshed. */
  sequence: number;
}

/** An operation that failed although its client retried as long as it should. */
export interface Abandoned {
  operation: Operation;
  grant?: string;
  startedAt: number;
  endedAt: number;
  lastOutcome: string;
}

/** A sign-in, from the authorization request until the tokens arrive, or until it is lost. */
export interface SignIn {
  startedAt: number;
  endedAt: number;
  /** The person has to begin again: the answer with the tokens never came. */
  lost: boolean;
}

export interface Fault {
  kind: string;
  startedAt: number;
  endedAt: number;
}

/** The rows of refresh_families for a sign-in, read after everything was calm. */
export interface FamilyRow {
  grant: string;
  rows: number;
  /** Undefined without a row. */
  sequence: number | undefined;
}

/** A kill at one message of a request, and the result of the client's retry. */
export interface Instant {
  operation: Operation;
  outcome: Outcome;
}

export interface Ledger {
  entries: Entry[];
  /** How many times slower the machine was than an idle one (pace.ts). */
  pace: number;
  /** How often each operation of load.ts ran. */
  load: Record<string, number>;
  instants: Instant[];
  abandoned: Abandoned[];
  signIns: SignIn[];
  faults: Fault[];
  families: FamilyRow[];
  /** The number of rows in refresh_families whose token no client ever received. */
  orphans: number;
  /** When the rows were read, in milliseconds since the run began. */
  familiesReadAt: number;
  /** The number of audit events in the servers' logs, by name. */
  audits: Record<string, number>;
}

export function openLedger(): Ledger {
  return {
    entries: [],
    pace: 1,
    load: {},
    instants: [],
    abandoned: [],
    signIns: [],
    faults: [],
    families: [],
    orphans: 0,
    familiesReadAt: 0,
    audits: {},
  };
}

/** A name for a token; nobody can use it as the token. */
export function fingerprint(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url').slice(0, 12);
}
