import type { Middleware } from 'koa';
import { errors } from 'oidc-provider';
import type { Client } from '../../clients/client.ts';
import type { ClientKeys } from '../../clients/keys/client-keys.ts';
import { OAuthError } from '../../clients/oauth-error.ts';
import type { UsedProofStore } from '../../clients/proofs/used-proof-store.ts';
import {
  unverifiedClaims,
  useRequestObject,
  verifyRequestObject,
} from '../../clients/requests/request-object.ts';
import { type RequestParameters, singleValue } from '../../http/input/parameters.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { registered } from '../../refusals/registered.ts';
import { shown } from '../../refusals/shown.ts';
import type { ParsedRequest } from '../mount.ts';
import { because } from '../reasons/refused-because.ts';
import { requestContext } from '../request-context.ts';
import { PATHS } from '../routes.ts';
import type { SealedRequests } from './sealed-requests.ts';

interface ReadRequestDependencies {
  issuer: string;
  clock: Clock;
  usedProofs: UsedProofStore;
  clientKeys: ClientKeys;
  sealedRequests: SealedRequests;
}

/** An authorization request as the client means it. */
interface Asked {
  parameters: RequestParameters;
  /** Why it is refused. The parameters are then those by which the client is told. */
  refusal?: OAuthError;
}

/**
 * Reads the request of a known client before the library. A request object is verified here, and from here on its
 * parameters are those of the request, so that nothing that reads a parameter can read another one. A refusal is
 * thrown inside the library (corrections/client-model.ts), which tells the client in the right way.
 */
export function readAuthorizationRequest(dependencies: ReadRequestDependencies): Middleware {
  return async (ctx, next) => {
    const context = requestContext();
    const isPushed = ctx.path === PATHS.pushed_authorization_request;
    if (!context.client || !(isPushed || ctx.path === PATHS.authorization)) return next();
    const req = ctx.req as ParsedRequest;
    const sent = isPushed ? (req.body ?? {}) : (ctx.query as RequestParameters);
    const asked = await readAsked(sent, context.client, { isPushed }, dependencies);
    if (asked.refusal) context.requestRefusal = libraryError(asked.refusal);
    if (asked.parameters !== sent && isPushed) req.body = asked.parameters;
    else if (asked.parameters !== sent) ctx.query = asked.parameters;
    return next();
  };
}

async function readAsked(
  sent: RequestParameters,
  client: Client,
  { isPushed }: { isPushed: boolean },
  dependencies: ReadRequestDependencies,
): Promise<Asked> {
  const { request, request_uri: uri } = sent;
  // The library refuses both together, and each of them twice. Nothing beside a request_uri counts.
  const passedOn = { parameters: inMode(sent, client).parameters };
  if (Array.isArray(request) || Array.isArray(uri)) return passedOn;
  if (uri && (request || !isPushed)) return passedOn;

  const sealed = isPushed ? undefined : sent.sealed_request;
  const sealedOnce = singleValue(sealed);
  const opened = sealedOnce ? dependencies.sealedRequests.open(sealedOnce, client.id) : undefined;
  if (opened && 'parameters' in opened) return inMode(opened.parameters, client);
  const object = opened ? opened.request : request;
  try {
    if (client.requirePushedAuthorizationRequests && !isPushed)
      throw new OAuthError('invalid_request', 'This client must push its requests first (RFC 9126)', {
        why: { reason: 'request.must_be_pushed' },
      });
    if (object)
      return inMode(await parametersOf(object, sent, client, { isPushed, ...dependencies }), client);
    if (sealed)
      throw new OAuthError('invalid_request', 'sealed_request is not valid any more', {
        why: { reason: 'request.seal_not_valid' },
      });
    if (client.requireSignedRequestObject)
      throw new OAuthError('invalid_request', 'This client must send a signed request object (RFC 9101)', {
        why: { reason: 'request.must_be_signed' },
      });
    return inMode(sent, client);
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    const parameters = answerable(sent, object ? unverifiedClaims(object) : {}, client);
    return { ...inMode(parameters, client), refusal: error };
  }
}

async function parametersOf(
  object: string,
  sent: RequestParameters,
  client: Client,
  { isPushed, issuer, clock, usedProofs, clientKeys }: ReadRequestDependencies & { isPushed: boolean },
): Promise<RequestParameters> {
  const { parameters, claims } = await verifyRequestObject(
    object,
    { client, issuer, now: clock.now() },
    { clientKeys },
  );
  const { response_type: outside } = sent;
  if (outside !== undefined && outside !== '' && outside !== (parameters.response_type ?? outside))
    throw new OAuthError(
      'invalid_request_object',
      'The request object has another response_type than the request',
      {
        why: {
          reason: 'request_object.response_type_differs',
          came: { response_type: [shown(outside), shown(parameters.response_type)].flat() },
        },
      },
    );
  if (isPushed) await useRequestObject(claims, client, { usedProofs });
  return parameters;
}

/**
 * The parameters by which a refusal reaches the client: where to, how, and with which state. The library checks that
 * the address is registered. The sender of an object that is not valid could as well have sent them outside.
 */
function answerable(
  sent: RequestParameters,
  claims: Readonly<Record<string, unknown>>,
  { id }: Pick<Client, 'id'>,
): RequestParameters {
  const names = ['redirect_uri', 'state', 'response_mode'];
  const found = names.map((name) => [name, singleValue(sent[name]) ?? singleValue(claims[name])]);
  return {
    client_id: id,
    response_type: 'code',
    ...Object.fromEntries(found.filter(([, value]) => value !== undefined)),
  };
}

/** Answers go out in a way that the client is registered for, also the refusal of another way. */
function inMode(parameters: RequestParameters, { responseModes }: Pick<Client, 'responseModes'>): Asked {
  const { response_mode: asked } = parameters;
  const [first] = responseModes ?? [];
  if (!responseModes || first === undefined || (typeof asked === 'string' && responseModes.includes(asked)))
    return { parameters };
  const corrected = { ...parameters, response_mode: first };
  if (asked === undefined || asked === '') return { parameters: corrected };
  const refusal = new OAuthError(
    'invalid_request',
    `response_mode must be one of those that this client is registered for: ${responseModes.join(', ')}`,
    {
      why: {
        reason: 'response_mode.not_registered',
        came: { response_mode: shown(asked) },
        expected: { response_mode: registered(responseModes) },
      },
    },
  );
  return { parameters: corrected, refusal };
}

function libraryError({ code, message, detail, why }: OAuthError): Error {
  const error = new errors.CustomOIDCProviderError(code, message, { detail });
  return why ? because(error, why) : error;
}
