import { refuseOtherOrigin } from '../clients/authentication/authenticate-client.ts';
import type { CertificateReader } from '../clients/certificates/certificate-header.ts';
import type { ClientStore } from '../clients/client-store.ts';
import { OAuthError } from '../clients/oauth-error.ts';
import { type DpopProof, PROOF_ALGORITHMS, verifyDpopProof } from '../clients/proofs/dpop-proof.ts';
import type { RefusedProof } from '../clients/proofs/refused-proof.ts';
import { singleParameters } from '../clients/single-parameters.ts';
import type { Endpoint, EndpointAnswer, EndpointRequest } from '../http/endpoint.ts';
import type { RequestParameters } from '../http/input/parameters.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { claimed } from '../platform/log/claimed.ts';
import type { Refusal } from '../refusals/reasons.ts';
import { shown } from '../refusals/shown.ts';
import { clientOfIdToken, readAccessToken } from '../tokens/access-token.ts';
import { invalidProof, TokenError } from '../tokens/errors.ts';
import { type UserinfoDependencies, userinfo } from '../tokens/userinfo.ts';
import { allowOrigin } from './client-request.ts';
import { ENDPOINT_PATHS } from './paths.ts';
import { plainDescription } from './plain-description.ts';

export interface UserinfoEndpointDependencies extends UserinfoDependencies {
  issuer: string;
  keyRing: KeyRing;
  clients: ClientStore;
  readCertificate: CertificateReader;
}

/** The token of a request, and the text of its proof, if it has one. */
interface Presented {
  accessToken: string;
  proof: string | undefined;
}

/** The parts of an answer that are known while it is made. */
interface Draft {
  headers: Record<string, string>;
  /** Whether the access token is bound to a key of DPoP. */
  isBound: boolean;
}

/**
 * OpenID Connect Core section 5.3. A refusal has the challenge of RFC 6750 section 3, or of RFC 9449 section 7.1.
 */
export function userinfoEndpoint(d: UserinfoEndpointDependencies): Endpoint {
  return {
    headers: {
      'Cache-Control': 'no-store',
      Vary: 'Origin',
      'Access-Control-Expose-Headers': 'WWW-Authenticate, X-Request-Id',
    },
    async answer(request) {
      const draft: Draft = { headers: {}, isBound: false };
      try {
        return { status: 200, body: await claimsFor(request, draft, d), headers: draft.headers };
      } catch (error) {
        if (!(error instanceof OAuthError)) throw error;
        request.note({ error: error.code, detail: error.detail, why: error.why });
        return refuse(request, draft, error, d);
      }
    },
  };
}

async function claimsFor(
  request: EndpointRequest,
  draft: Draft,
  d: UserinfoEndpointDependencies,
): Promise<Record<string, unknown>> {
  const { origin } = request.headers;
  const parameters = readParameters(request);
  const presented = readPresented(request, parameters.access_token);
  const certificate = d.readCertificate(request.headers);
  const proof = await readProof(request, presented, d);
  const token = readAccessToken(presented.accessToken, d);
  if (!token) throw refuseUnreadable(request, presented.accessToken, d);
  const { client_id, sub: person, grant_id: grant } = token.claims;
  request.note({ client: client_id, clientIs: 'registered', person, grant });
  draft.isBound = token.claims.cnf?.jkt !== undefined;
  const client = await d.clients.find(client_id);
  if (client) {
    refuseOtherOrigin(client, origin || undefined);
    allowOrigin(draft.headers, client, origin);
  }
  return userinfo({ token, client, scope: parameters.scope, proof, certificate }, d);
}

/** An ID token names what it is, so nobody learns anything by being told. */
function refuseUnreadable(
  { note }: EndpointRequest,
  text: string,
  { issuer }: UserinfoEndpointDependencies,
): TokenError {
  const client = clientOfIdToken(text, issuer);
  if (client === undefined)
    return new TokenError('invalid_token', 'Access token is not valid', {
      why: { reason: 'access_token.not_valid' },
    });
  note({ client: claimed(client), clientIs: 'claimed' });
  return new TokenError(
    'invalid_token',
    'This is an ID token, which is for its client alone: send the access token',
    { why: { reason: 'access_token.is_id_token' } },
  );
}

function readParameters({ method, body, query }: EndpointRequest): {
  access_token: string | undefined;
  scope: string | undefined;
} {
  return singleParameters(method === 'POST' ? (body as RequestParameters) : query, ['scope', 'access_token']);
}

/** Reads the header or the form (RFC 6750 section 2), never the address. */
function readPresented(
  { method, headers, query }: EndpointRequest,
  parameter: string | undefined,
): Presented {
  const { authorization: header } = headers;
  const proof = headers.dpop?.toString() || undefined;
  const inForm = method === 'POST' ? parameter : undefined;
  const inAddress = query.access_token;
  if ([header, inForm, inAddress].filter(Boolean).length > 1)
    throw invalidRequest('access token must only be provided using one mechanism', 'access_token.several');
  if (header) return { accessToken: readHeader(header, proof !== undefined), proof };
  if (inAddress)
    throw invalidRequest('access tokens must not be provided via query parameter', 'access_token.in_address');
  if (!inForm)
    throw new TokenError('invalid_token', 'no access token provided', { why: { reason: NOTHING_PRESENTED } });
  if (proof)
    throw invalidRequest(
      '`DPoP` tokens must be provided via an authorization header',
      'access_token.scheme_wrong',
    );
  return { accessToken: inForm, proof };
}

const NOTHING_PRESENTED = 'access_token.missing';

function readHeader(header: string, hasProof: boolean): string {
  const [scheme = '', token = '', ...more] = header.split(' ');
  const known = scheme.toLowerCase();
  if (token === '' || more.length > 0)
    throw invalidRequest('invalid authorization header value format', 'access_token.header_malformed');
  if (hasProof && known !== 'dpop')
    throw wrongScheme('authorization header scheme must be `DPoP` when DPoP is used', scheme, 'DPoP');
  if (!hasProof && known === 'dpop')
    throw invalidRequest('`DPoP` header not provided', 'access_token.proof_missing');
  if (!hasProof && known !== 'bearer')
    throw wrongScheme('authorization header scheme must be `Bearer`', scheme, 'Bearer');
  return token;
}

async function readProof(
  { method }: EndpointRequest,
  { accessToken, proof }: Presented,
  { issuer, clock }: UserinfoEndpointDependencies,
): Promise<DpopProof | undefined> {
  if (proof === undefined) return undefined;
  const target = { method, url: `${issuer}${ENDPOINT_PATHS.userinfo}`, now: clock.now(), accessToken };
  return verifyDpopProof(proof, target).catch(({ message, why }: RefusedProof) => {
    throw invalidProof(message, why);
  });
}

function invalidRequest(description: string, reason: Refusal['reason']): TokenError {
  return new TokenError('invalid_request', description, { why: { reason } });
}

function wrongScheme(description: string, came: string, expected: string): TokenError {
  const why: Refusal = {
    reason: 'access_token.scheme_wrong',
    came: { scheme: shown(came) },
    expected: { scheme: expected },
  };
  return new TokenError('invalid_request', description, { why });
}

const STATUS: Record<string, number> = { invalid_request: 400, insufficient_scope: 403 };

function refuse(
  { headers }: EndpointRequest,
  { headers: known, isBound }: Draft,
  { code, message, members, why }: OAuthError,
  { issuer }: UserinfoEndpointDependencies,
): EndpointAnswer {
  const realm = `realm="${issuer}"`;
  const description = plainDescription(message);
  const algorithms = `algs="${PROOF_ALGORITHMS.join(' ')}"`;
  const details = [
    realm,
    `error="${code}"`,
    `error_description="${description}"`,
    ...(members.scope ? [`scope="${members.scope}"`] : []),
  ];
  const isDpop = headers.dpop || /^dpop /i.test(headers.authorization ?? '') || isBound;
  const challenge = isDpop ? `DPoP ${[...details, algorithms].join(', ')}` : `Bearer ${details.join(', ')}`;
  // RFC 6750 section 3.1: the answer to a request without a token says how to present one, but reports no error.
  const howTo = `Bearer ${realm}, DPoP ${realm}, ${algorithms}`;
  return {
    status: STATUS[code] ?? 401,
    headers: { ...known, 'WWW-Authenticate': why.reason === NOTHING_PRESENTED ? howTo : challenge },
    body: { error: code, error_description: description, ...members },
  };
}
