import type { Middleware } from 'koa';
import { refusedRequest } from '../../refusals/refused-request.ts';
import { shown } from '../../refusals/shown.ts';
import { logClaim } from '../records/log-fields.ts';
import { mediaType, otherType, parseJsonObject, readText } from './body.ts';
import { claimedClient, claimsOf } from './claimed-client.ts';
import { MOST_PARAMETERS, parseParameters, type RequestParameters, tooMany } from './parameters.ts';

/**
 * Reads the parameters of an OAuth request strictly, before any handler uses them. They come from the query and from
 * the body of a POST: a form or, where `json` is true, an object of strings (the Listo guide). Later handlers always
 * find a form in `req.body`, and at most one space between two scopes.
 *
 * @throws HttpError 400 `invalid_request` (RFC 6749 section 5.2), 413 when the body is too large.
 */
export function oauthInput({ json }: { json: boolean }): Middleware {
  return async (ctx, next) => {
    logClaim(ctx.req, claimedClient(claimsOf(ctx)));
    const query = parseParameters(ctx.querystring);
    if (tidyScope(query)) ctx.query = query;
    if (ctx.method === 'POST') {
      const { req } = ctx;
      const body = parseOAuthBody(await readText(req), mediaType(req), { json });
      Object.assign(req, { body });
      logClaim(req, claimedClient(claimsOf(ctx)));
      // To the library, a media type without a body is a body that it could not read.
      if (Object.keys(body).length === 0) delete req.headers['content-type'];
      else req.headers['content-type'] = 'application/x-www-form-urlencoded';
    }
    await next();
  };
}

/**
 * Removes the spaces around scopes and the superfluous ones between them, which RFC 6749 section 3.3 does not have and
 * settings files do. Returns whether there were any.
 */
function tidyScope(parameters: RequestParameters): boolean {
  const { scope } = parameters;
  if (typeof scope !== 'string') return false;
  const tidy = scope.split(' ').filter(Boolean).join(' ');
  if (tidy === scope) return false;
  parameters.scope = tidy;
  return true;
}

/**
 * The parameters of a body that was read, with at most one space between two scopes.
 * @throws HttpError 400 `invalid_request`.
 */
export function parseOAuthBody(text: string, type: string, { json }: { json: boolean }): RequestParameters {
  const body = parametersOf(text, type, json);
  tidyScope(body);
  return body;
}

function parametersOf(text: string, type: string, json: boolean): RequestParameters {
  // Some HTTP libraries send a media type without a body.
  if (text === '') return {};
  if (type === 'application/x-www-form-urlencoded') return parseParameters(text);
  if (json && type === 'application/json') return stringsOf(parseJsonObject(text));
  const wanted = [...(json ? ['application/json'] : []), 'application/x-www-form-urlencoded'];
  throw refusedRequest({
    status: 400,
    code: 'invalid_request',
    message: `The body must be ${wanted.join(' or ')}.`,
    why: otherType(type, wanted),
  });
}

/** `null` means absent. Any other value that is not a string is an error. */
function stringsOf(object: Record<string, unknown>): RequestParameters {
  const parameters: RequestParameters = Object.create(null);
  const entries = Object.entries(object);
  if (entries.length > MOST_PARAMETERS) throw tooMany();
  for (const [name, value] of entries) {
    if (value === null) continue;
    if (typeof value !== 'string') {
      const what = /^\w{1,64}$/.test(name) ? name : 'a parameter';
      throw refusedRequest({
        status: 400,
        code: 'invalid_request',
        message: `In a JSON body every value is a string; ${what} is not.`,
        why: { reason: 'parameter.not_text', came: { parameter: shown(name), type: typeof value } },
      });
    }
    parameters[name] = value;
  }
  return parameters;
}
