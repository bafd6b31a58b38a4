import { BlockList, isIP, isIPv4, SocketAddress } from 'node:net';

/** Where a request came from: the client's address, and whether we believe whoever handed the request to us. */
export interface Origin {
  /** In canonical spelling, so that one address is one key. */
  address: string;
  /** Whether the peer of the connection is a trusted proxy. */
  throughProxy: boolean;
}

/**
 * Finds the client behind trusted proxies: from the peer of the connection back through `X-Forwarded-For`, as far as
 * each hop is one of `trustedProxies` (addresses and CIDR networks). What is no address, such as `unknown`, ends the
 * walk at the hop that wrote it.
 */
export function addressReader(
  trustedProxies: readonly string[],
): (peer: string, forwardedFor: string) => Origin {
  const trusted = new BlockList();
  for (const entry of trustedProxies) addNetwork(trusted, entry);
  const isTrusted = (address: string) => trusted.check(address, familyOf(address));

  return (peer, forwardedFor) => {
    let address = canonicalAddress(peer) ?? '';
    const throughProxy = address !== '' && isTrusted(address);
    const hops = throughProxy && forwardedFor !== '' ? forwardedFor.split(',') : [];
    while (hops.length > 0 && isTrusted(address)) {
      const hop = forwardedAddress(hops.pop() ?? '');
      if (hop === undefined) break;
      address = hop;
    }
    return { address, throughProxy };
  };
}

/** The address of one entry of `X-Forwarded-For`, which some proxies quote, put in brackets, or give a port. */
export function forwardedAddress(entry: string): string | undefined {
  const text = entry.trim().replace(/^"(.*)"$/, '$1');
  const [, bracketed] = /^\[([^[\]]+)\](?::\d{1,5})?$/.exec(text) ?? [];
  if (bracketed !== undefined) return isIPv4(bracketed) ? undefined : canonicalAddress(bracketed);
  const [, beforePort] = /^([\d.]+):\d{1,5}$/.exec(text) ?? [];
  return canonicalAddress(beforePort ?? text);
}

/**
 * One spelling of an address: IPv6 as RFC 5952 has it and without a zone, and IPv4 inside IPv6 as IPv4. Undefined
 * for what is no address.
 */
export function canonicalAddress(text: string): string | undefined {
  switch (isIP(text)) {
    case 4:
      return text;
    case 6: {
      const { address } = new SocketAddress({ address: text.replace(/%.*$/, ''), family: 'ipv6' });
      return ipv4Within(address) ?? address;
    }
    default:
      return undefined;
  }
}

/** Private, loopback or link-local: where a proxy of one's own usually is. */
export function isPrivate(address: string): boolean {
  return address !== '' && PRIVATE.check(address, familyOf(address));
}

const PRIVATE = new BlockList();
for (const network of [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
]) {
  addNetwork(PRIVATE, network);
}

/** Bits before an IPv4 address, where IPv6 carries one. */
const MAPPED_BITS = 96;

/** A network of IPv4 addresses written as IPv6 is one of IPv4, because that is how its addresses are read. */
function addNetwork(list: BlockList, entry: string): void {
  const [text = '', bits] = entry.split('/');
  const address = canonicalAddress(text) ?? text;
  if (bits === undefined) {
    list.addAddress(address, familyOf(address));
    return;
  }
  const mapped = isIPv4(address) && !isIPv4(text);
  if (!mapped) list.addSubnet(address, Number(bits), familyOf(address));
  else if (Number(bits) >= MAPPED_BITS) list.addSubnet(address, Number(bits) - MAPPED_BITS, 'ipv4');
  else list.addSubnet(text, Number(bits), 'ipv6');
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}

/** IPv4-mapped (RFC 4291 section 2.5.5.2), and translated by NAT64 (RFC 6052 section 2.1), of a canonical address. */
function ipv4Within(address: string): string | undefined {
  const mapped = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : '';
  if (isIPv4(mapped)) return mapped;
  if (!address.startsWith('64:ff9b::')) return undefined;
  const groups = address.slice('64:ff9b::'.length).split(':');
  if (groups.length > 2) return undefined;
  const [high, low] = groups.length === 2 ? groups : ['', groups[0]];
  const value = Number.parseInt(high || '0', 16) * 0x1_0000 + Number.parseInt(low || '0', 16);
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.');
}
