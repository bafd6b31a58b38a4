/**
 * The fields of a request's log line that say whose request it was. A line holds text that strangers chose, so each
 * text is cut and cleaned before it is written.
 */
import type { IncomingMessage } from 'node:http';
import type { Why } from '../../platform/errors.ts';
import { claimed } from '../../platform/log/claimed.ts';
import { requestState } from './request-state.ts';

/**
 * How sure the server is that a request comes from the client of its line:
 * - `authenticated`: it proved so with its secret or key.
 * - `registered`: there is such a client, and nothing proves that the request is its own (a browser's request, a
 *   public client, an access token of ours that names it).
 * - `claimed`: the request only says so. The client is unknown, or its credentials were refused.
 */
export type ClientIs = 'authenticated' | 'registered' | 'claimed';

/** Ids of clients look like this. */
const CLIENT_ID = /^[A-Za-z0-9._~-]{3,100}$/;

/** Fields for a request's line. */
export interface LogFacts {
  client?: string;
  clientIs?: ClientIs;
  grantType?: string;
  grant?: string;
  person?: string;
  error?: string;
  detail?: string;
  /** Not in the line: it is kept with the refusal. */
  why?: Why | undefined;
}

/** Adds what is known of a request to its line. */
export function logFacts(req: IncomingMessage, { why, ...facts }: LogFacts): void {
  const state = requestState(req);
  if (why) state.why = why;
  if (facts.client !== undefined && facts.clientIs !== 'claimed') state.client = facts.client;
  const grantType = facts.grantType === undefined ? state.log.grantType : claimed(facts.grantType);
  Object.assign(state.log, facts);
  if (grantType !== undefined) state.log.grantType = grantType;
}

/** Names a client that the server knows. */
export function logClient(req: IncomingMessage, client: string, clientIs: ClientIs): void {
  logFacts(req, { client, clientIs });
}

/** Names the client that a request claims to be, unless the line names one already. */
export function logClaim(req: IncomingMessage, claim: string): void {
  const state = requestState(req);
  if (claim === '' || state.log.client !== undefined) return;
  logClient(req, claimed(claim), 'claimed');
  if (CLIENT_ID.test(claim)) state.claim = claim;
}
