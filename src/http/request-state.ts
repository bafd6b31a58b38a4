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

/** The same, where a request may not have come so far. */
export function knownRequestState(req: IncomingMessage): RequestState | undefined {
  return states.get(req);
}

/**
 * Whom a limit counts: the client's address, of IPv6 the /64, because whoever has one address there has them all.
 */
export function requestLimitKey(req: IncomingMessage): string {
  const { ip } = requestState(req);
  return ip.includes(':') ? ipv6Network(ip) : ip;
}

function ipv6Network(ip: string): string {
  const [head = '', tail] = ip.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail ? tail.split(':') : [];
  const zeros: string[] = Array(Math.max(0, 8 - front.length - back.length)).fill('0');
  const groups = tail === undefined ? front : [...front, ...zeros, ...back];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
