import { randomUUID } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import type { Middleware } from 'koa';
import type { Logger } from '../platform/logger.ts';
import { setRequestState } from './request-state.ts';

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * One line a request: method, path without query (it may hold a code), status, duration, and what the handlers
 * added. Gives the request its id, from `X-Request-Id` where that is well-formed, and says it in the answer.
 */
export function accessLog({
  logger,
  trustedProxies,
}: {
  logger: Logger;
  trustedProxies: readonly string[];
}): Middleware {
  const clientAddress = addressReader(trustedProxies);

  return async (ctx, next) => {
    const started = process.hrtime.bigint();
    const given = ctx.get('x-request-id');
    const id = REQUEST_ID.test(given) ? given : randomUUID();
    const state = {
      id,
      ip: clientAddress(ctx.req.socket.remoteAddress ?? '', ctx.get('x-forwarded-for')),
      log: {},
    };
    setRequestState(ctx.req, state);
    ctx.set('X-Request-Id', id);

    const { method, path } = ctx;
    ctx.res.once('close', () => {
      const finished = ctx.res.writableFinished;
      logger.info(
        {
          requestId: id,
          method,
          path: withoutIdentifiers(path),
          status: ctx.res.statusCode,
          ms: Number((process.hrtime.bigint() - started) / 10_000n) / 100,
          ip: state.ip,
          ...(finished ? {} : { aborted: true }),
          ...state.log,
        },
        'request',
      );
    });
    await next();
  };
}

/** An interaction's id is part of its path, and together with its cookie a credential. */
function withoutIdentifiers(path: string): string {
  return path
    .replace(/^\/(interaction|auth\/authorize|auth\/device)\/[^/]+/, '/$1/:uid')
    .replaceAll(/[^!-~]/g, '?');
}

function addressReader(trustedProxies: readonly string[]): (remote: string, forwardedFor: string) => string {
  const trusted = new BlockList();
  for (const entry of trustedProxies) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    if (bits === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(bits), family);
  }
  const isTrusted = (address: string) => {
    const family = isIP(address);
    return family !== 0 && trusted.check(address, family === 4 ? 'ipv4' : 'ipv6');
  };

  return (remote, forwardedFor) => {
    let address = plain(remote);
    const hops = forwardedFor.split(',').map((hop) => plain(hop.trim()));
    while (isTrusted(address) && hops.length > 0) {
      const hop = hops.pop() ?? '';
      if (isIP(hop) === 0) break;
      address = hop;
    }
    return address;
  };
}

/** IPv4 addresses arrive as ::ffff:a.b.c.d on a dual-stack socket. */
function plain(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
