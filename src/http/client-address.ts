import { BlockList, isIP, isIPv4, SocketAddress } from 'node:net';

/** IPv6 that ends with a dotted IPv4 address: mapped, or the older compatible form (RFC 4291 section 2.5.5). */
const DOTTED = /^::(?:ffff:)?(\d+\.\d+\.\d+\.\d+)$/;
/**
 * IPv6 with an IPv4 address in its last two groups: NAT64 (RFC 6052 section 2.1), or translated (RFC 2765 section
 * 2.1).
 */
const TRANSLATED = /^(?:64:ff9b::|::ffff:0:)(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,4})?$/;

/** The client's address, and whether the connection's peer is trusted. */
export interface Origin {
  /** In canonical spelling, so that one address is one key. */
  address: string;
  /** Whether the peer of the connection is a trusted proxy. */
  throughProxy: boolean;
  /** Whether a trusted proxy wrote something that is not an address. */
  unreadable: boolean;
}

/**
 * Finds the client behind trusted proxies. It walks from the connection's peer back through `X-Forwarded-For` while
 * each hop is one of `trustedProxies` (addresses and CIDR networks). An entry that is no address, such as `unknown`,
 * ends the walk at the hop that wrote it.
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
      if (hop === undefined) return { address, throughProxy, unreadable: true };
      address = hop;
    }
    return { address, throughProxy, unreadable: false };
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

/**
 * The one spelling of an address: IPv6 as in RFC 5952 and without a zone, IPv4 inside IPv6 as IPv4. Undefined for
 * other text.
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

/** Whether an address is private, loopback or link-local, as those of an operator's own proxies usually are. */
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

/** The bits before an IPv4 address inside IPv6. */
const MAPPED_BITS = 96;

/** A network of IPv4 addresses that is written as IPv6 is added as IPv4, because `canonicalAddress` spells them so. */
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

/** The IPv4 address inside a canonical IPv6 address. */
function ipv4Within(address: string): string | undefined {
  const [, dotted] = DOTTED.exec(address) ?? [];
  if (dotted !== undefined) return dotted;
  const translated = TRANSLATED.exec(address);
  if (!translated) return undefined;
  const [, high = '0', low = '0'] = translated;
  const value = Number.parseInt(high, 16) * 0x1_0000 + Number.parseInt(low, 16);
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.');
}
