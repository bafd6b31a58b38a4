import type { IncomingMessage } from 'node:http';

/**
 * What this server knows about a request before any route sees it. It hangs on Node's request object, because
 * the protocol library is a Koa application of its own and makes a second context for the same request.
 */
export interface RequestState {
  id: string;
  /** The client's address, forwarded headers believed only from trusted proxies. */
  ip: string;
  /** Added to the request's log line; never anything secret. */
  log: Record<string, unknown>;
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
