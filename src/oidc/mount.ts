import type { IncomingMessage } from 'node:http';
import type { Context, Middleware } from 'koa';
import type { Provider } from 'oidc-provider';
import { HttpError } from '../platform/errors.ts';
import { ageCookies } from './corrections/cookie-age.ts';
import { hideTokenShape } from './corrections/token-alias.ts';
import type { InstanceResolver } from './instance-resolver.ts';
import type { LiveProvider } from './live-provider.ts';
import { requestScope, runInScope } from './request-scope.ts';
import { PATHS } from './routes.ts';

type Parameters = Record<string, string | string[]>;

/** Node's request, with the form that was read from it where the library looks for one. */
export type ParsedRequest = IncomingMessage & { body?: Parameters };

/** Resolves the instance of a browser's request, and serves what follows in its scope. */
export function instanceScope(resolve: InstanceResolver): Middleware {
  return async (ctx, next) => {
    const clientId = ctx.path === PATHS.authorization ? single(parametersOf(ctx).client_id) : undefined;
    return runInScope(await resolve({ path: ctx.path, clientId }), next);
  };
}

/** Hands a request to the protocol library, and takes it back when the library could not answer it. */
export function protocol({
  live,
  onRefusal,
}: {
  live: LiveProvider;
  onRefusal(req: IncomingMessage, refusal: { error: string; detail?: string }, failure: unknown): void;
}): Middleware {
  return async (ctx) => {
    if (ctx.path === PATHS.authorization && ctx.method === 'POST') return repeatAsGet(ctx);
    const { body } = ctx.req as ParsedRequest;
    if (body && (ctx.path === PATHS.introspection || ctx.path === PATHS.revocation)) hideTokenShape(body);
    // The documents that may be kept say so themselves (published-documents.ts).
    ctx.set('Cache-Control', 'no-store');

    await live.handle(ctx.req, ctx.res);

    const { refusal, failure } = requestScope();
    if (failure && !ctx.res.writableEnded && !ctx.res.headersSent) throw failure;
    if (refusal || failure) onRefusal(ctx.req, refusal ?? { error: 'server_error' }, failure);
    ctx.respond = false;
  };
}

/**
 * Stands between us and the library's routes. A failure of ours is kept for `protocol` and nothing is sent, so that
 * one place answers it; unless the client was told by redirect.
 */
export function takeBackFailures(provider: Provider): void {
  provider.use(async (ctx, next) => {
    const scope = requestScope();
    try {
      await next();
    } catch (error) {
      scope.failure = error;
    }
    ageCookies(ctx.res);
    // Revoking answers nothing, and nothing has no type: oidc-client-ts refuses an answer of text.
    if (ctx.body === '') ctx.remove('Content-Type');
    if (!scope.failure || ctx.status === 303) return;
    ctx.remove('Location');
    ctx.respond = false;
  });
}

/** Half of what is read of a request's head (http/connections/http-server.ts); cookies and other headers have the rest. */
const MAX_ADDRESS_LENGTH = 32 * 1024;

/**
 * OIDC Core 3.1.2.1 wants POST supported. A form posted by another site comes without our SameSite cookies, so it
 * is turned into the same request as GET, which brings them.
 */
function repeatAsGet(ctx: Context): void {
  const query = new URLSearchParams();
  // Here nobody authenticates: what a client sent by mistake to prove itself does not go into an address.
  const { client_secret: _secret, client_assertion: _assertion, ...parameters } = parametersOf(ctx);
  for (const [name, values] of Object.entries(parameters)) {
    for (const value of [values].flat()) query.append(name, value);
  }
  const target = `${PATHS.authorization}?${query}`;
  if (target.length > MAX_ADDRESS_LENGTH) {
    throw new HttpError({
      status: 413,
      code: 'invalid_request',
      message: `The request is too long for a browser to follow. Push it to ${PATHS.pushed_authorization_request} first (RFC 9126).`,
    });
  }
  ctx.status = 303;
  ctx.set('Cache-Control', 'no-store');
  ctx.redirect(target);
}

function parametersOf(ctx: Context): Parameters {
  return ctx.method === 'POST' ? ((ctx.req as ParsedRequest).body ?? {}) : (ctx.query as Parameters);
}

function single(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
