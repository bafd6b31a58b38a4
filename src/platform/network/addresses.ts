import { BlockList, isIP, isIPv4, SocketAddress } from 'node:net';

/** IPv6 that ends with a dotted IPv4 address: mapped, or the older compatible form (RFC 4291 section 2.5.5). */
const DOTTED = /^::(?:ffff:)?(\d+\.\d+\.\d+\.\d+)$/;
/**
 * IPv6 with an IPv4 address in its last two groups: NAT64 (RFC 6052 section 2.1), or translated (RFC 2765 section
 * 2.1).
 */
const TRANSLATED = /^(?:64:ff9b::|::ffff:0:)(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,4})?$/;

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

/** Tells whether a canonical address is in one of these addresses and networks (CIDR). */
export function networkList(entries: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const entry of entries) addNetwork(list, entry);
  return (address) => list.check(address, familyOf(address));
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
