import type { Middleware } from 'koa';
import { canonicalAddress } from '../platform/network/addresses.ts';
import { isMirrorProof } from '../platform/secrets/mirror-proof.ts';
import type { Clock } from '../platform/time/clock.ts';
import { requestState } from './records/request-state.ts';

const PATH = '/doctor';
const HEADER = 'x-listo-doctor';

/**
 * Shows the operator's own request as it arrived behind the proxies, for `listo doctor`. Without the operator's proof,
 * nothing is at this address.
 */
export function mirror({
  cookieKeys,
  certificateHeader,
  clock,
}: {
  cookieKeys: readonly string[];
  certificateHeader: string | undefined;
  clock: Clock;
}): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== PATH || ctx.method !== 'POST' || !isMirrorProof(ctx.get(HEADER), cookieKeys, clock))
      return next();
    const { headers, socket } = ctx.req;
    ctx.set('Cache-Control', 'no-store');
    ctx.body = {
      client: requestState(ctx.req).ip,
      peer: canonicalAddress(socket.remoteAddress ?? '') ?? '',
      peer_port: socket.remotePort,
      forwarded_for: headers['x-forwarded-for'] ?? null,
      // It is gone already where somebody else than a trusted proxy sent it.
      certificate: certificateHeader !== undefined && headers[certificateHeader] !== undefined,
      cookie: headers.cookie !== undefined,
      authorization: headers.authorization !== undefined,
    };
  };
}
