import { isIPv4 } from 'node:net';
import { canonicalAddress, networkList } from '../../platform/network/addresses.ts';

/** The client's address, and whether the connection's peer is trusted. */
export interface Origin {
  /** In canonical spelling, so that one address is one key. */
  address: string;
  /** Whether the peer of the connection is a trusted proxy. */
  throughProxy: boolean;
  /** Whether a trusted proxy wrote something that is not an address. */
  unreadable: boolean;
}

const MOST_REMEMBERED = 2000;

/**
 * Finds the client behind trusted proxies. It walks from the connection's peer back through `X-Forwarded-For` while
 * each hop is one of `trustedProxies` (addresses and CIDR networks). An entry that is no address, such as `unknown`,
 * ends the walk at the hop that wrote it.
 */
export function addressReader(
  trustedProxies: readonly string[],
): (peer: string, forwardedFor: string) => Origin {
  const isTrusted = remembered(networkList(trustedProxies));
  const canonical = remembered(canonicalAddress);

  return (peer, forwardedFor) => {
    let address = canonical(peer) ?? '';
    const throughProxy = address !== '' && isTrusted(address);
    const hops = throughProxy && forwardedFor !== '' ? forwardedFor.split(',') : [];
    while (hops.length > 0 && isTrusted(address)) {
      const hop = forwardedAddress(hops.pop() ?? '');
      if (hop === undefined) return { address, throughProxy, unreadable: true };
      address = hop;
    }
    return { address, throughProxy, unreadable: false };
  };
}

/** The answers for the last addresses: most requests come on few connections. */
function remembered<Answer>(of: (address: string) => Answer): (address: string) => Answer {
  const answers = new Map<string, Answer>();
  return (address) => {
    const known = answers.get(address);
    if (known !== undefined) return known;
    const answer = of(address);
    if (answers.size >= MOST_REMEMBERED) answers.clear();
    answers.set(address, answer);
    return answer;
  };
}

/** The address in one entry of `X-Forwarded-For`. Some proxies quote it, put it in brackets, or add a port. */
export function forwardedAddress(entry: string): string | undefined {
  const text = entry.trim().replace(/^"(.*)"$/, '$1');
  const [, bracketed] = /^\[([^[\]]+)\](?::\d{1,5})?$/.exec(text) ?? [];
  if (bracketed !== undefined) return isIPv4(bracketed) ? undefined : canonicalAddress(bracketed);
  const [, beforePort] = /^([\d.]+):\d{1,5}$/.exec(text) ?? [];
  return canonicalAddress(beforePort ?? text);
}

/** Whether an address is private, loopback or link-local, as those of an operator's own proxies usually are. */
export function isPrivate(address: string): boolean {
  return address !== '' && isInPrivateNetwork(address);
}

const isInPrivateNetwork = networkList([
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
]);
