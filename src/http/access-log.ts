import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Middleware } from 'koa';
import type { Logger } from '../platform/log/logger.ts';
import { addressReader, isPrivate } from './client-address.ts';
import { logReason, logText } from './log-fields.ts';
import { setRequestState } from './request-state.ts';

/** The sender chooses the length of a path. */
const LONGEST_PATH_LOGGED = 256;
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * Writes one line for each request: method, path without query (it may hold a code), status, duration, and fields
 * that handlers added. Takes the request's id from a well-formed `X-Request-Id` or makes one, and sends it with the
 * answer.
 */
export function accessLog({
  logger,
  trustedProxies,
}: {
  logger: Logger;
  trustedProxies: readonly string[];
}): Middleware {
  const originOf = addressReader(trustedProxies);
  const warnOfProxy = unlistedProxies(logger);
  const warnOfUnreadable = unreadableForwarding(logger);

  return async (ctx, next) => {
    const started = process.hrtime.bigint();
    const given = ctx.get('x-request-id');
    const id = REQUEST_ID.test(given) ? given : randomUUID();
    const { address, throughProxy, unreadable } = originOf(
      ctx.req.socket.remoteAddress ?? '',
      ctx.get('x-forwarded-for'),
    );
    if (!throughProxy) warnOfProxy(address, ctx.req);
    if (unreadable) warnOfUnreadable(address);
    const state = { id, ip: address, log: {} };
    setRequestState(ctx.req, state);
    ctx.set('X-Request-Id', id);

    const { method, path } = ctx;
    ctx.res.once('close', () => {
      const finished = ctx.res.writableFinished;
      logger[levelOf(path)](
        {
          requestId: id,
          method,
          path: withoutIdentifiers(path),
          status: ctx.res.statusCode,
          ms: Number((process.hrtime.bigint() - started) / 10_000n) / 100,
          ip: state.ip,
          ...(finished ? {} : { aborted: true }),
          ...cleaned(state.log),
        },
        'request',
      );
    });
    await next();
  };
}

/** A page asks for its assets, and balancers for health all the time: neither says anything of people or clients. */
function levelOf(path: string): 'debug' | 'info' {
  return /^\/(assets\/|healthz$|readyz($|\/))/.test(path) ? 'debug' : 'info';
}

function cleaned(fields: Record<string, unknown>): Record<string, unknown> {
  const clean = ([name, value]: [string, unknown]) => {
    if (typeof value !== 'string') return [name, value];
    return [name, name === 'detail' ? logReason(value) : logText(value)];
  };
  return Object.fromEntries(Object.entries(fields).map(clean));
}

/** The path holds an interaction's id, which together with its cookie is a credential. */
function withoutIdentifiers(path: string): string {
  return path
    .slice(0, LONGEST_PATH_LOGGED)
    .replace(/^\/(interaction|auth\/authorize|auth\/device)\/[^/]+/, '/$1/:uid')
    .replaceAll(/[^!-~]/g, '?');
}

/**
 * Warns once about a proxy that is not in TRUSTED_PROXIES: rate limits count everybody behind it as one client. It
 * warns once for private and once for public addresses, because anybody can send the header and would use up a single
 * warning.
 */
function unlistedProxies(logger: Logger): (peer: string, req: IncomingMessage) => void {
  const warned = new Set<boolean>();
  return (peer, { headers }) => {
    if (headers['x-forwarded-for'] === undefined) return;
    const near = isPrivate(peer);
    if (warned.has(near)) return;
    warned.add(near);
    logger.warn(
      { peer },
      near
        ? 'A proxy that is not listed in TRUSTED_PROXIES hands requests on: everybody behind it counts as one client. Add its address or network.'
        : 'A request with X-Forwarded-For came from a public address that TRUSTED_PROXIES does not list. If it is a proxy of yours, add its address or network.',
    );
  };
}

/** Warns once that a trusted proxy names no client: rate limits count everybody behind it as one. */
function unreadableForwarding(logger: Logger): (peer: string) => void {
  let warned = false;
  return (peer) => {
    if (warned) return;
    warned = true;
    logger.warn(
      { peer },
      'A proxy of TRUSTED_PROXIES wrote something into X-Forwarded-For that is no address. Everybody whom it names like that counts as one client: the proxy itself.',
    );
  };
}
