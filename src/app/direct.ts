import type { Services } from '../compose.ts';
import type { DirectKind } from '../config.ts';
import type { DirectDocument, DirectRoute, LongWay } from '../http/direct/direct-answers.ts';
import type { Endpoint, EndpointRequest } from '../http/endpoint.ts';
import { parseJsonObject } from '../http/input/body.ts';
import { parseOAuthBody } from '../http/input/oauth-input.ts';
import { requestLimitKey } from '../http/rate-limits/limit-key.ts';
import { ISSUE_TOKEN, JWKS } from '../listnr/routes.ts';
import { publishedDocument } from '../oidc/answers/published-documents.ts';
import { DOCUMENTS, PATHS } from '../oidc/routes.ts';
import { unsupportedMediaType } from '../tokens/listnr/errors.ts';
import { endpointLimits } from './endpoint-limits.ts';

/** By `grant_type`. The others are rare. */
const HOT_GRANTS: ReadonlyMap<unknown, DirectKind> = new Map([
  ['authorization_code', 'exchange'],
  ['refresh_token', 'refresh'],
]);

/** The requests that have a short way, by target. */
export function directRoutes(services: Services): Map<string, DirectRoute | DirectDocument | LongWay> {
  const { config, endpoints, limits, live, publishedKeys } = services;
  const { direct } = config;
  const routes = new Map<string, DirectRoute | DirectDocument | LongWay>();
  const add = (target: string, kinds: DirectKind[], route: DirectRoute | DirectDocument) => {
    const isOn = kinds.some((kind) => direct.has(kind));
    routes.set(target, isOn ? route : { method: route.method, off: true });
  };
  const addDocument = (path: string, document: DirectDocument['document']) =>
    add(path, ['documents'], {
      method: 'GET',
      document,
      count: (req) => limits.requests.count(requestLimitKey(req)),
    });
  const limitOf = endpointLimits(limits, { isCounted: false });

  for (const path of DOCUMENTS) addDocument(path, () => publishedDocument(live, path));
  addDocument(JWKS, publishedKeys);
  add(ISSUE_TOKEN, ['listnr'], {
    method: 'POST',
    endpoint: endpoints.issueToken,
    limit: limitOf.issueToken,
    parse: parseJson,
    unusual: () => undefined,
  });
  add(PATHS.userinfo, ['userinfo'], {
    method: 'GET',
    endpoint: endpoints.userinfo,
    limit: limitOf.userinfo,
    unusual: ({ headers }) => (/^bearer /i.test(headers.authorization ?? '') ? undefined : 'authentication'),
  });
  add(PATHS.introspection, ['introspection'], {
    method: 'POST',
    endpoint: endpoints.introspection,
    limit: limitOf.introspection,
    parse: formOf(endpoints.introspection),
    unusual: unusualClient,
  });
  add(PATHS.token, ['exchange', 'refresh'], {
    method: 'POST',
    endpoint: endpoints.token,
    limit: limitOf.token,
    parse: formOf(endpoints.token),
    unusual(request) {
      const kind = HOT_GRANTS.get(request.body.grant_type);
      if (kind === undefined) return 'body';
      return direct.has(kind) ? unusualClient(request) : 'off';
    },
  });
  return routes;
}

function formOf({ takesJson = false }: Endpoint): NonNullable<DirectRoute['parse']> {
  return (text, type) => parseOAuthBody(text, type, { json: takesJson });
}

/** An assertion is good for one use, and is used up by a statement of its own. */
function unusualClient({ headers: { authorization }, body }: EndpointRequest) {
  if (authorization !== undefined && !/^basic /i.test(authorization)) return 'authentication';
  if (body.client_assertion !== undefined || body.client_assertion_type !== undefined)
    return 'authentication';
  return Object.values(body).every((value) => typeof value === 'string') ? undefined : 'body';
}

function parseJson(text: string, mediaType: string): Record<string, unknown> {
  if (mediaType !== 'application/json') throw unsupportedMediaType();
  return parseJsonObject(text);
}
