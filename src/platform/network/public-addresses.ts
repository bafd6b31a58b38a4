import { networkList } from './addresses.ts';

/** IPv6 addresses that the internet routes (RFC 4291 section 2.4). */
const isGlobalIpv6 = networkList(['2000::/3']);

/**
 * Addresses with a purpose of their own: IANA's registries for IPv4 and IPv6 (RFC 6890), and multicast. The whole of
 * 2001::/23 is left out, and so are the ways of putting IPv4 into IPv6 that are not in use any more.
 */
const isSpecial = networkList([
  '0.0.0.0/8', // this network, and so this machine
  '10.0.0.0/8', // private
  '100.64.0.0/10', // shared by the customers of a carrier; some clouds have their metadata here
  '127.0.0.0/8', // loopback
  '169.254.0.0/16', // link-local, and the metadata of clouds
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.31.196.0/24', // AS112
  '192.52.193.0/24', // multicast tunnels
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '192.175.48.0/24', // AS112
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, with broadcast
  '2001::/23', // Teredo, benchmarks, ORCHID and other protocol assignments
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4
  '2620:4f:8000::/48', // AS112
  '3fff::/20', // documentation
]);

/** Whether a canonical address belongs to the internet, and neither to this machine nor to a network around it. */
export function isPublic(address: string): boolean {
  if (address.includes(':') && !isGlobalIpv6(address)) return false;
  return !isSpecial(address);
}
