import type { IncomingMessage } from 'node:http';
import type { Brand } from './pages/views.ts';

/**
 * Facts about a request that are known before any route sees it. They belong to Node's request object, because the
 * protocol library is a Koa application of its own and makes a second context for the same request.
 */
export interface RequestState {
  id: string;
  /** The client's address. Forwarded headers count only from trusted proxies. */
  ip: string;
  /** Fields for the request's log line; never a secret. */
  log: Record<string, unknown>;
  /** The look of the instance, once it is known, for the page of an error. */
  brand?: Brand;
}

const states = new WeakMap<IncomingMessage, RequestState>();

export function setRequestState(req: IncomingMessage, state: RequestState): void {
  states.set(req, state);
}

export function requestState(req: IncomingMessage): RequestState {
  const state = states.get(req);
  if (!state) throw new Error('The request passed no access log.');
  return state;
}

/** Undefined for a request that has not reached the access log. */
export function knownRequestState(req: IncomingMessage): RequestState | undefined {
  return states.get(req);
}
