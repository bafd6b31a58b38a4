import { createHmac, hkdfSync } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type RequestState, requestState } from '../records/request-state.ts';

/**
 * The key for rate limits: the client's address, for IPv6 its /64 network, because the holder of one address there
 * has them all.
 */
export function requestLimitKey(req: IncomingMessage): string {
  return limitKeyOf(requestState(req));
}

export function limitKeyOf({ ip }: Pick<RequestState, 'ip'>): string {
  return ip.includes(':') ? ipv6Network(ip) : ip;
}

/**
 * Makes keyed hashes of that key, for storage. There are so few addresses that they could be guessed from a plain hash.
 */
export function limitKeyMac([first = Buffer.alloc(0)]: readonly Buffer[]): (req: IncomingMessage) => Buffer {
  const key = Buffer.from(hkdfSync('sha256', first, '', 'addresses', 32));
  return (req) => createHmac('sha256', key).update(requestLimitKey(req)).digest().subarray(0, 16);
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
