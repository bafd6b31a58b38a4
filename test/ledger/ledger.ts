import { createHash } from 'node:crypto';

/**
 * What was asked, what was answered, and when. Tokens and codes are kept as fingerprints only, so that all of a
 * ledger may be printed. It decides nothing: checks.ts reads it afterwards.
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
 * documented 503, or an answer that is not what was asked for. `silence`: the connection ended without an answer.
 */
export type Outcome = 'ok' | 'unavailable' | 'refused' | 'error' | 'silence';

export interface Entry {
  operation: Operation;
  /** Milliseconds since the run began: when it was sent, and when its answer was complete. */
  startedAt: number;
  endedAt: number;
  outcome: Outcome;
  /** Of an answer that is not `ok`: status and error. */
  detail?: string;
  /** Our own name of the sign-in it is about. */
  grant?: string;
  /** What was presented: the fingerprint of a code or token. */
  presented?: string;
  /** Presented against the rules: a refresh token whose successor was used, a code already exchanged. */
  misuse?: true;
  given?: Given;
  /** What it ends when it succeeds; a single access token by its fingerprint. */
  ends?: { grants?: readonly string[]; token?: string };
}

/** Fingerprints of the tokens that a refresh or an exchange gave. */
export interface Given {
  accessToken: string;
  refreshToken: string;
  /** Of the refresh token: how often its sign-in has been refreshed. */
  sequence: number;
}

/** A sign-in that could not be carried through, although its client tried again as long as it should. */
export interface Abandoned {
  operation: Operation;
  grant?: string;
  startedAt: number;
  endedAt: number;
  lastOutcome: string;
}

/** A sign-in: from the authorization request until the tokens arrive, or until it is lost. */
export interface SignIn {
  startedAt: number;
  endedAt: number;
  /** Whoever signed in has to begin again: the answer that carried the tokens never came. */
  lost: boolean;
}

export interface Fault {
  kind: string;
  startedAt: number;
  endedAt: number;
}

/** The rows of refresh_families for a sign-in, read when everything was calm. */
export interface FamilyRow {
  grant: string;
  rows: number;
  /** Undefined where there is no row. */
  sequence: number | undefined;
}

/** A process that was killed at one message of a request, and what the client's retry then came to. */
export interface Instant {
  operation: Operation;
  outcome: Outcome;
}

export interface Ledger {
  entries: Entry[];
  /** How many times slower the machine was than one that does nothing else (pace.ts). */
  pace: number;
  /** How often the load did what, by the names of load.ts. */
  load: Record<string, number>;
  instants: Instant[];
  abandoned: Abandoned[];
  signIns: SignIn[];
  faults: Fault[];
  families: FamilyRow[];
  /** Rows of refresh_families of which no client was ever given a token. */
  orphans: number;
  /** When the rows were read, in milliseconds since the run began. */
  familiesReadAt: number;
  /** Audit events that the servers logged, by name. */
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

/** A name for a token that nobody can use. */
export function fingerprint(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url').slice(0, 12);
}
