import type { IncomingMessage } from 'node:http';
import type { Middleware } from 'koa';
import { originOf } from '../http/records/request-state.ts';
import { forbidCaching } from './answers/no-store.ts';
import { refuseChangedRegistration } from './checks/changed-registration.ts';
import type { InstanceResolver } from './instance-resolver.ts';
import type { LiveProvider } from './live-provider.ts';
import { type RequestFacts, requestContext, runInContext } from './request-context.ts';
import { PATHS } from './routes.ts';

/** Node's request, with the parsed form where the library looks for it. */
export type ParsedRequest = IncomingMessage & { body?: Record<string, string | string[]> };

/** Receives what is known of a request, for its log line. */
export type Describe = (req: IncomingMessage, facts: RequestFacts) => void;

/** Resolves the instance of a browser's request, and runs the next handlers in its context. */
export function instanceContext(
  resolve: InstanceResolver,
  addressMac: (req: IncomingMessage) => Buffer,
  describe: Describe,
): Middleware {
  return async (ctx, next) => {
    const { client_id } = ctx.path === PATHS.authorization ? ctx.query : {};
    const clientId = typeof client_id === 'string' ? client_id : undefined;
    const context = await resolve({ path: ctx.path, clientId });
    if (context.client) describe(ctx.req, { client: context.client.id, clientIs: 'registered' });
    refuseChangedRegistration(context);
    return runInContext(
      {
        ...context,
        origin: originOf(ctx.req),
        addressMac: () => addressMac(ctx.req),
        userAgent: ctx.get('User-Agent'),
      },
      next,
    );
  };
}

/** Gives a request to the protocol library, and takes it back if the library could not answer it. */
export function protocol({
  live,
  describe,
  onFailure,
}: {
  live: LiveProvider;
  describe: Describe;
  /** Receives a failure of ours that the library has answered itself. */
  onFailure(req: IncomingMessage, failure: unknown): void;
}): Middleware {
  return async (ctx) => {
    // Documents that caches may keep set their own header (answers/published-documents.ts).
    forbidCaching(ctx);

    await live.handle(ctx.req, ctx.res);

    const { facts, failure } = requestContext();
    describe(ctx.req, facts);
    if (failure && !ctx.res.writableEnded && !ctx.res.headersSent) throw failure;
    if (failure) onFailure(ctx.req, failure);
    ctx.respond = false;
  };
}
