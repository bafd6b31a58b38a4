/**
 * The endpoints for programs that we answer ourselves: tokens, introspection, revocation and userinfo. A file for each
 * reads the request, asks `tokens/`, and makes the answer or the refusal. Nothing here knows how the request came in.
 */

import { mayCallFrom } from '../clients/allowed-now.ts';
import type { Audiences } from '../clients/authentication/assertion.ts';
import {
  type AuthenticationDependencies,
  authenticateClient,
  identifyClient,
} from '../clients/authentication/authenticate-client.ts';
import { hasCredentials, type PresentedCredentials } from '../clients/authentication/credentials.ts';
import type { CertificateReader } from '../clients/certificates/certificate-header.ts';
import type { Client } from '../clients/client.ts';
import { OAuthError } from '../clients/oauth-error.ts';
import type { EndpointAnswer, EndpointRequest } from '../http/endpoint.ts';
import type { RequestParameters } from '../http/input/parameters.ts';
import type { Refusal } from '../refusals/reasons.ts';
import { shown } from '../refusals/shown.ts';
import { plainDescription } from './plain-description.ts';

export interface ClientEndpointDependencies extends AuthenticationDependencies {
  issuer: string;
  /** Reads the certificate with which a client connected. */
  readCertificate: CertificateReader;
}

/** The headers of every answer to a client. RFC 6749 section 5.1: no cache keeps one. `Pragma` is for HTTP/1.0. */
export const CLIENT_HEADERS = {
  'Cache-Control': 'no-store',
  Pragma: 'no-cache',
  Vary: 'Origin',
  'Access-Control-Expose-Headers': 'WWW-Authenticate, X-Request-Id',
} as const;

/**
 * Answers a client with what `work` returns for it, or refuses. `audiences` are the addresses by which an assertion may
 * name this server. @throws any error that is no refusal.
 */
export async function answerClient(
  request: EndpointRequest,
  audiences: Audiences,
  dependencies: ClientEndpointDependencies,
  work: (client: Client) => Promise<EndpointAnswer['body']>,
): Promise<EndpointAnswer> {
  const headers: Record<string, string> = {};
  try {
    const client = await authenticate(request, { headers, audiences }, dependencies);
    return { status: 200, headers, body: await work(client) };
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    return refuseClient(request, headers, error, dependencies);
  }
}

/**
 * Authenticates the client of a request, and notes for the log which one it is. As soon as the client is known,
 * `headers` lets the pages of its origins read the answer, also a refusal.
 * @throws OAuthError that refuses the request.
 */
export async function authenticate(
  request: EndpointRequest,
  { headers, audiences }: { headers: Record<string, string>; audiences: Audiences },
  dependencies: ClientEndpointDependencies,
): Promise<Client> {
  const { origin } = request.headers;
  const named = await identifyClient(
    { ...credentialsOf(request, dependencies), origin: origin || undefined },
    dependencies,
  );
  const { id, type } = named.client;
  request.note({ client: id, clientIs: type === 'public' ? 'registered' : 'claimed' });
  allowOrigin(headers, named.client, origin);
  const client = await authenticateClient(named, audiences, dependencies);
  if (type === 'confidential') request.note({ clientIs: 'authenticated' });
  return client;
}

/**
 * The parts of a request in which a client authenticates.
 * @throws OAuthError `invalid_request` where the certificate cannot be read.
 */
export function credentialsOf(
  { headers, body }: EndpointRequest,
  { readCertificate }: Pick<ClientEndpointDependencies, 'readCertificate'>,
): PresentedCredentials {
  return {
    authorization: headers.authorization,
    parameters: body as RequestParameters,
    certificate: readCertificate(headers),
  };
}

/** Whether a request has no credentials at all, neither right nor wrong ones. */
export function isAnonymous(
  request: EndpointRequest,
  dependencies: Pick<ClientEndpointDependencies, 'readCertificate'>,
): boolean {
  try {
    return !hasCredentials(credentialsOf(request, dependencies));
  } catch {
    // There is a certificate, which cannot be read.
    return false;
  }
}

/** Lets a page of one of the client's origins read the answer. */
export function allowOrigin(
  headers: Record<string, string>,
  client: Pick<Client, 'redirectUris'>,
  origin: string | undefined,
): void {
  if (origin && mayCallFrom(client, origin)) headers['Access-Control-Allow-Origin'] = origin;
}

/** Where a parameter is missing, the names of those that came show which one is misspelt. */
function withNames(why: Refusal, body: EndpointRequest['body']): Refusal {
  if (why.reason !== 'parameter.missing' || why.came) return why;
  return { ...why, came: { parameter: shown(Object.keys(body)) } };
}

/** RFC 6749 section 5.2. A client that used the header gets the challenge of its scheme. */
export function refuseClient(
  request: EndpointRequest,
  headers: Readonly<Record<string, string>>,
  { code, message, members, detail, why }: OAuthError,
  { issuer }: Pick<ClientEndpointDependencies, 'issuer'>,
): EndpointAnswer {
  const isUnknown = code === 'invalid_client';
  request.note({
    error: code,
    detail,
    why: withNames(why, request.body),
    ...(isUnknown ? { clientIs: 'claimed' } : {}),
  });
  const description = plainDescription(message);
  const challenge = `Basic realm="${issuer}", error="${code}", error_description="${description}"`;
  return {
    status: isUnknown ? 401 : 400,
    headers:
      isUnknown && request.headers.authorization ? { ...headers, 'WWW-Authenticate': challenge } : headers,
    body: { error: code, error_description: description, ...members },
  };
}
