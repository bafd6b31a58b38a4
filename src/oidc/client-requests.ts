import type { Context, Middleware } from 'koa';
import {
  type AuthenticationDependencies,
  authenticateClient,
  identifyClient,
} from '../clients/authentication/authenticate-client.ts';
import { hasCredentials, type PresentedCredentials } from '../clients/authentication/credentials.ts';
import { invalidClient } from '../clients/authentication/errors.ts';
import type { Client } from '../clients/client.ts';
import { OAuthError } from '../clients/oauth-error.ts';
import { singleParameters } from '../clients/single-parameters.ts';
import { type IntrospectionDependencies, introspect } from '../tokens/management/introspect.ts';
import type { ManagementRequest } from '../tokens/management/management-request.ts';
import { type RevocationDependencies, revoke } from '../tokens/management/revoke.ts';
import { requireParameters } from '../tokens/token-request.ts';
import { allowOrigin } from './answers/cross-origin.ts';
import { forbidCaching } from './answers/no-store.ts';
import { plainDescription } from './answers/plain-description.ts';
import type { Describe, ParsedRequest } from './mount.ts';
import { requestContext } from './request-context.ts';
import { PATHS } from './routes.ts';
import { vouchedCredentials } from './storage/client-metadata.ts';

interface Dependencies extends AuthenticationDependencies {
  issuer: string;
  describe: Describe;
}

/**
 * Authenticates the clients of the endpoints that the library answers. The library then sees credentials that only this
 * process knows, and adds no rule of its own.
 */
export function authenticateClients(dependencies: Dependencies): Middleware {
  return async (ctx, next) => {
    if (ctx.method !== 'POST') return next();
    const { req }: { req: ParsedRequest } = ctx;
    const grantType = req.body?.grant_type;
    if (ctx.path === PATHS.token && grantType) dependencies.describe(req, { grantType: String(grantType) });
    const client = await answered(ctx, dependencies, () => authenticate(ctx, dependencies));
    if (!client) return undefined;
    const { client_secret: _secret, client_assertion, client_assertion_type, ...fields } = req.body ?? {};
    const { authorization, parameters } = vouchedCredentials(client);
    req.body = { ...fields, ...parameters };
    // To the library, only a body with a media type has parameters.
    if (Object.keys(parameters).length > 0) req.headers['content-type'] = 'application/x-www-form-urlencoded';
    if (authorization) req.headers.authorization = authorization;
    else delete req.headers.authorization;
    requestContext().client = client;
    return next();
  };
}

/** Answers introspection before the library, whose route cannot be replaced. The library answers preflights. */
export function answerIntrospection(dependencies: Dependencies & IntrospectionDependencies): Middleware {
  return async (ctx, next) => {
    if (ctx.method !== 'POST') return next();
    const answer = await answered(ctx, dependencies, async () => {
      // Introspection is for clients that authenticate (RFC 7662 section 2.1).
      if (!hasCredentials(presentedBy(ctx))) throw invalidClient('introspection without authentication');
      return introspect(await readRequest(ctx, dependencies), dependencies);
    });
    if (answer) ctx.body = answer;
  };
}

/** Answers revocation before the library, as above. The answer is empty (RFC 7009 section 2.2). */
export function answerRevocation(dependencies: Dependencies & RevocationDependencies): Middleware {
  return async (ctx, next) => {
    if (ctx.method !== 'POST') return next();
    const done = await answered(ctx, dependencies, async () => {
      await revoke(await readRequest(ctx, dependencies), dependencies);
      return true;
    });
    if (!done) return;
    ctx.status = 200;
    ctx.body = '';
    // oidc-client-ts refuses an empty answer with a text type.
    ctx.remove('Content-Type');
  };
}

async function readRequest(ctx: Context, dependencies: Dependencies): Promise<ManagementRequest> {
  const client = await authenticate(ctx, dependencies);
  const parameters = singleParameters(presentedBy(ctx).parameters, ['token', 'token_type_hint']);
  const note: ManagementRequest['note'] = (facts) => dependencies.describe(ctx.req, facts);
  return { client, note, ...requireParameters({ parameters }, 'token') };
}

async function authenticate(ctx: Context, dependencies: Dependencies): Promise<Client> {
  const origin = ctx.get('Origin') || undefined;
  const named = await identifyClient({ ...presentedBy(ctx), origin }, dependencies);
  const { id, type } = named.client;
  dependencies.describe(ctx.req, { client: id, clientIs: type === 'public' ? 'registered' : 'claimed' });
  allowOrigin(ctx, named.client);
  const client = await authenticateClient(named, audiences(ctx.path, dependencies), dependencies);
  if (type === 'confidential') dependencies.describe(ctx.req, { clientIs: 'authenticated' });
  return client;
}

function presentedBy({ req }: { req: ParsedRequest }): PresentedCredentials {
  return { authorization: req.headers.authorization, parameters: req.body ?? {} };
}

/** RFC 7523 section 3. RFC 9126 section 2 adds the address of pushed requests there. */
function audiences(path: string, { issuer }: { issuer: string }): string[] {
  const { token, pushed_authorization_request: pushed } = PATHS;
  return [issuer, `${issuer}${token}`, ...(path === pushed ? [`${issuer}${pushed}`] : [])];
}

/** Does `work`. Where that refuses, answers with the refusal and returns undefined. */
async function answered<T>(
  ctx: Context,
  { issuer, describe }: Dependencies,
  work: () => Promise<T>,
): Promise<T | undefined> {
  forbidCaching(ctx);
  ctx.vary('Origin');
  ctx.set('Access-Control-Expose-Headers', 'WWW-Authenticate');
  const authenticatesByHeader = ctx.get('Authorization') !== '';
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    const { code, message, members, detail } = error;
    describe(ctx.req, { error: code, detail, ...(code === 'invalid_client' ? { clientIs: 'claimed' } : {}) });
    const description = plainDescription(message);
    ctx.status = code === 'invalid_client' ? 401 : 400;
    if (ctx.status === 401 && authenticatesByHeader)
      ctx.set(
        'WWW-Authenticate',
        `Basic realm="${issuer}", error="${code}", error_description="${description}"`,
      );
    ctx.body = { error: code, error_description: description, ...members };
    return undefined;
  }
}
