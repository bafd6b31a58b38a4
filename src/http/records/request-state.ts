import type { IncomingMessage } from 'node:http';
import type { Why } from '../../platform/errors.ts';
import type { PlainValue } from '../../platform/log/plain-lines.ts';

/**
 * Facts about a request that are known before any route sees it. They belong to Node's request object, because the
 * protocol library is a Koa application of its own and makes a second context for the same request.
 */
export interface RequestState {
  id: string;
  /** The client's address. Forwarded headers count only from trusted proxies. */
  ip: string;
  /** Fields for the request's log line; never a secret. */
  log: Record<string, PlainValue | undefined>;
  /** Why it was refused, for those who want to mend it. */
  why?: Why | undefined;
  /** The headers of an answer that is given before any handler sets its own. */
  headers?: Readonly<Record<string, string>>;
  /** The id of the client, once it is known that there is one, for the page of an error. */
  client?: string;
  /** The whole name that the request gives for its client. It may be a secret in the wrong place, and is never shown. */
  claim?: string;
  /** The id of the instance, where it is known and the client is not. */
  instance?: string;
}

/** It is a member of the request: a WeakMap costs the collector of garbage more than a request's whole record. */
const STATE = Symbol('state');
type Recorded = IncomingMessage & { [STATE]?: RequestState };

export function setRequestState(req: IncomingMessage, state: RequestState): void {
  (req as Recorded)[STATE] = state;
}

export function requestState(req: IncomingMessage): RequestState {
  const state = knownRequestState(req);
  if (!state) throw new Error('The request passed no access log.');
  return state;
}

/** Undefined for a request that has not reached the access log. */
export function knownRequestState(req: IncomingMessage): RequestState | undefined {
  return (req as Recorded)[STATE];
}

/** Where a request comes from, as the access log and the audit trail have it. */
export interface RequestOrigin {
  address: string;
  requestId: string;
}

export function originOf(req: IncomingMessage): RequestOrigin {
  const { ip, id } = requestState(req);
  return { address: ip, requestId: id };
}
