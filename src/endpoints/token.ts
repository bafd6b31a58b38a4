import type { ClientCertificate } from '../clients/certificates/client-certificate.ts';
import type { Client } from '../clients/client.ts';
import { OAuthError } from '../clients/oauth-error.ts';
import { type DpopProof, verifyDpopProof } from '../clients/proofs/dpop-proof.ts';
import type { RefusedProof } from '../clients/proofs/refused-proof.ts';
import { proofFault } from '../clients/security-profile.ts';
import { requireParameters, singleParameters } from '../clients/single-parameters.ts';
import type { Endpoint, EndpointRequest } from '../http/endpoint.ts';
import type { RequestParameters } from '../http/input/parameters.ts';
import { shown } from '../refusals/shown.ts';
import { invalidProof, TokenError } from '../tokens/errors.ts';
import { type ExchangeDependencies, exchangeCode } from '../tokens/exchange-code.ts';
import {
  DEVICE_CODE_GRANT,
  type DeviceCodeDependencies,
  redeemDeviceCode,
} from '../tokens/redeem-device-code.ts';
import { type RefreshDependencies, refresh } from '../tokens/refresh.ts';
import { isScopeList } from '../tokens/scope-syntax.ts';
import type { TokenAnswer, TokenRequest } from '../tokens/token-request.ts';
import { answerClient, CLIENT_HEADERS, type ClientEndpointDependencies } from './client-request.ts';
import { audiencesOf, ENDPOINT_PATHS } from './paths.ts';

export type TokenEndpointDependencies = ClientEndpointDependencies &
  RefreshDependencies &
  ExchangeDependencies &
  DeviceCodeDependencies;

/** A grant of the token endpoint: the parameters that it reads, and the function that answers it. */
interface Grant {
  parameters: readonly string[];
  answer(request: TokenRequest, dependencies: TokenEndpointDependencies): Promise<TokenAnswer>;
}

/** By `grant_type`. */
export const GRANTS: ReadonlyMap<string, Grant> = new Map([
  ['authorization_code', { parameters: ['code', 'code_verifier', 'redirect_uri'], answer: exchangeCode }],
  ['refresh_token', { parameters: ['refresh_token', 'scope'], answer: refresh }],
  [DEVICE_CODE_GRANT, { parameters: ['device_code'], answer: redeemDeviceCode }],
]);

/**
 * RFC 6749 section 3.2: authenticates the client, then reads what its grant needs, then gives tokens. Parameters that
 * the grant does not know are ignored.
 */
export function tokenEndpoint(d: TokenEndpointDependencies): Endpoint {
  const audiences = audiencesOf(d.issuer);
  return {
    headers: CLIENT_HEADERS,
    takesJson: true,
    answer(request) {
      const { grant_type: named } = request.body;
      if (named) request.note({ grantType: String(named) });
      return answerClient(request, audiences, d, async (client) => {
        const { grant, parameters } = readGrant(request, client);
        const { note, origin } = request;
        const certificate = d.readCertificate(request.headers);
        const proof = await readProof(request, client, certificate, d);
        return grant.answer({ client, parameters, note, origin, certificate, ...proof }, d);
      });
    },
  };
}

/** @throws OAuthError for a grant that nobody, or not this client, may use, and for parameters that come twice. */
function readGrant(
  { body }: EndpointRequest,
  client: Client,
): { grant: Grant; parameters: TokenRequest['parameters'] } {
  const sent = body as RequestParameters;
  const { grant_type: type } = requireParameters(singleParameters(sent, ['grant_type']), 'grant_type');
  const grant = GRANTS.get(type);
  const registered = client.grantTypes;
  if (!grant)
    throw new OAuthError('unsupported_grant_type', 'unsupported grant_type requested', {
      why: {
        reason: 'grant_type.unknown',
        came: { grant_type: shown(type) },
        expected: { grant_type: registered },
      },
    });
  if (!registered.includes(type))
    throw new OAuthError('unauthorized_client', `This client may not use the grant type ${type}`, {
      why: {
        reason: 'grant_type.not_registered',
        came: { grant_type: type },
        expected: { grant_type: registered },
      },
    });
  const parameters = singleParameters(sent, grant.parameters);
  const { scope } = parameters;
  if (scope !== undefined && !isScopeList(scope))
    throw new TokenError('invalid_scope', 'scope contains invalid characters', {
      why: { reason: 'scope.malformed', came: { scope: shown(scope) } },
      came: scope,
    });
  return { grant, parameters };
}

/**
 * Reads the DPoP proof (RFC 9449 section 5), which may be wrong. A proof or certificate that the client must send, and
 * did not, is an error of the same kind.
 */
async function readProof(
  { method, headers }: EndpointRequest,
  client: Client,
  certificate: ClientCertificate | undefined,
  { issuer, clock }: Pick<TokenEndpointDependencies, 'issuer' | 'clock'>,
): Promise<Pick<TokenRequest, 'proof' | 'proofError'>> {
  const { dpop: text } = headers;
  if (!text) return { proof: undefined, proofError: lackOf(client, undefined, certificate) };
  const target = { method, url: `${issuer}${ENDPOINT_PATHS.token}`, now: clock.now() };
  return verifyDpopProof(String(text), target).then((proof) => {
    const fault = proofFault(client, proof, target.now);
    return fault === undefined
      ? { proof, proofError: lackOf(client, proof, certificate) }
      : wrongProof(fault);
  }, wrongProof);
}

/** It is never `invalid_grant`: the code or token is not to blame. */
function lackOf(
  client: Client,
  proof: DpopProof | undefined,
  certificate: ClientCertificate | undefined,
): TokenError | undefined {
  if (client.requireDpop && !proof)
    return invalidProof('This client must send a DPoP proof', { reason: 'proof.missing' });
  if (client.certificateBoundAccessTokens && !certificate)
    return new TokenError('invalid_request', 'This client must connect with a certificate', {
      why: { reason: 'certificate.missing' },
    });
  return undefined;
}

function wrongProof({ message, why }: RefusedProof): Pick<TokenRequest, 'proof' | 'proofError'> {
  return { proof: undefined, proofError: invalidProof(message, why) };
}
