import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Middleware } from 'koa';
import { logReason, logText } from '../../platform/log/log-text.ts';
import type { Logger } from '../../platform/log/logger.ts';
import { member, plainLines } from '../../platform/log/plain-lines.ts';
import { addressReader, isPrivate } from './client-address.ts';
import { knownRequestState, type RequestState, setRequestState } from './request-state.ts';

/** The sender chooses the length of a path. */
const LONGEST_PATH_LOGGED = 256;
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Begins the record of a request at `path`. A request that has one already keeps it. */
export type OpenRecord = (req: IncomingMessage, res: ServerResponse, path: string) => RequestState;

/** Hears of each answer when its connection has it, or broke. */
export type AnswerListener = (answer: {
  method: string;
  path: string;
  status: number;
  seconds: number;
  state: RequestState;
}) => void;

/**
 * Writes one line for each request: method, path without query (it may hold a code), status, duration, and fields
 * that handlers added. Takes the request's id from a well-formed `X-Request-Id` or makes one.
 */
export function accessRecords({
  logger,
  trustedProxies,
  clientCertificates,
  onAnswer = () => {},
}: {
  logger: Logger;
  trustedProxies: readonly string[];
  /** The header in which they say which certificate a client has. */
  clientCertificates?: { header: { name: string } | undefined };
  onAnswer?: AnswerListener;
}): OpenRecord {
  const certificateHeader = clientCertificates?.header?.name;
  const originOf = addressReader(trustedProxies);
  const warnOfProxy = unlistedProxies(logger);
  const warnOfUnreadable = unreadableForwarding(logger);

  const write = plainLines(logger);

  return (req, res, path) => {
    const known = knownRequestState(req);
    if (known) return known;
    const started = performance.now();
    const given = req.headers['x-request-id'];
    const id = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    const forwarded = String(req.headers['x-forwarded-for'] ?? '');
    const { address, throughProxy, unreadable } = originOf(req.socket.remoteAddress ?? '', forwarded);
    if (!throughProxy) warnOfProxy(address, req);
    // Anybody can write it. Node has all of its spellings under this name.
    if (!throughProxy && certificateHeader !== undefined) delete req.headers[certificateHeader];
    if (unreadable) warnOfUnreadable(address);
    const state: RequestState = { id, ip: address, log: {} };
    setRequestState(req, state);
    // Until something answers, as Koa has it: a connection that breaks before that is no success.
    res.statusCode = 404;

    const method = req.method ?? '';
    res.on('close', () => {
      const ms = performance.now() - started;
      const { statusCode: status, writableFinished } = res;
      onAnswer({ method, path, status, seconds: ms / 1000, state });
      let members =
        member('requestId', id) +
        member('method', method) +
        member('path', withoutIdentifiers(path)) +
        member('status', status) +
        member('ms', Math.trunc(ms * 100) / 100) +
        member('ip', state.ip);
      if (!writableFinished) members += member('aborted', true);
      for (const name in state.log) {
        const value = cleaned(name, state.log[name]);
        if (value !== undefined) members += member(name, value);
      }
      write(levelOf(path), members, 'request');
    });
    return state;
  };
}

/** Records each request, and sends its id with the answer. */
export function accessLog(open: OpenRecord): Middleware {
  return (ctx, next) => {
    ctx.set('X-Request-Id', open(ctx.req, ctx.res, ctx.path).id);
    return next();
  };
}

/** A page asks for its assets, and balancers for health all the time: neither says anything of people or clients. */
function levelOf(path: string): 'debug' | 'info' {
  return /^\/(assets\/|healthz$|readyz($|\/))/.test(path) ? 'debug' : 'info';
}

function cleaned(name: string, value: RequestState['log'][string]): RequestState['log'][string] {
  if (typeof value !== 'string') return value;
  return name === 'detail' ? logReason(value) : logText(value);
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
