import type { Variables } from './variables.ts';

/** The addresses and networks (CIDR) that this server may ask though they are not public, and whether its own. */
export interface OutboundSettings {
  networks: readonly string[];
  loopback: boolean;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

export function isLocal(issuer: string): boolean {
  return LOOPBACK.has(new URL(issuer).hostname);
}

/** `issuer` is undefined where nobody says it. */
export function readOutbound(
  variables: Variables,
  { production, issuer }: { production: boolean; issuer: string | undefined },
): OutboundSettings {
  return {
    networks: variables.networks('OUTBOUND_NETWORKS'),
    loopback: !production && issuer !== undefined && isLocal(issuer),
  };
}
