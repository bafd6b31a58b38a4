import { decodeJwt } from 'jose';
import { claimed } from '../../platform/log/claimed.ts';
import { shown } from '../../refusals/shown.ts';
import type { ClientCertificate } from '../certificates/client-certificate.ts';
import type { OAuthError } from '../oauth-error.ts';
import { type SentParameters, singleParameters } from '../single-parameters.ts';
import { invalidClient, invalidRequest } from './errors.ts';

/** The name of a client in a request, and the proof that comes with it. Nothing is verified yet. */
export type Credentials = { clientId: string; certificate?: ClientCertificate | undefined } & (
  | {
      method: 'secret';
      secret: string /** Before it was decoded, where it came in the header. */;
      written?: string;
    }
  | { method: 'assertion'; assertion: string }
  | { method: 'none' }
);

/** The parts of a request in which a client authenticates. */
export interface PresentedCredentials {
  /** The header; undefined when it is missing. */
  authorization: string | undefined;
  parameters: SentParameters;
  /** The certificate with which the client connected. It is a credential of those that are registered for it. */
  certificate?: ClientCertificate | undefined;
}

const PARAMETERS = ['client_id', 'client_secret', 'client_assertion', 'client_assertion_type'] as const;
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

type Fields = Record<(typeof PARAMETERS)[number], string | undefined>;

/** Whether a request has any credentials, right or wrong. */
export function hasCredentials({
  authorization = '',
  parameters,
  certificate,
}: PresentedCredentials): boolean {
  const { client_secret, client_assertion } = parameters;
  return Boolean(client_secret || client_assertion || certificate) || /^basic\b/i.test(authorization);
}

/**
 * Reads the credentials from the header (client_secret_basic), from the form (client_secret_post, private_key_jwt), or
 * finds only a name (none).
 * @throws OAuthError `invalid_request`, or `invalid_client` for an assertion without a client.
 */
export function readCredentials({
  authorization,
  parameters,
  certificate,
}: PresentedCredentials): Credentials {
  const fields = singleParameters(parameters, PARAMETERS);
  const { client_id, client_secret, client_assertion } = fields;
  if ([authorization, client_assertion, client_secret].filter(Boolean).length > 1)
    throw invalidRequest('client authentication must only be provided using one mechanism', {
      reason: 'client.several_methods',
      came: { method: namesOf(authorization, fields) },
    });
  const credentials = readOne(authorization, fields);
  if (client_id !== undefined && client_id !== credentials.clientId)
    throw otherName(client_id, credentials.clientId);
  if (!credentials.clientId)
    throw invalidRequest('no client authentication mechanism provided', { reason: 'client.unnamed' });
  return certificate ? { ...credentials, certificate } : credentials;
}

function otherName(inForm: string, inCredentials: unknown): OAuthError {
  return invalidRequest('client_id mismatch', {
    reason: 'client.names_differ',
    came: { client_id: [inForm, inCredentials].map((id) => claimed(String(id))) },
  });
}

/** The ways in which a request authenticates, as registrations call them. */
function namesOf(authorization: string | undefined, { client_secret, client_assertion }: Fields): string[] {
  return [
    ...(authorization ? ['client_secret_basic'] : []),
    ...(client_secret ? ['client_secret_post'] : []),
    ...(client_assertion ? ['private_key_jwt'] : []),
  ];
}

function readOne(authorization: string | undefined, fields: Fields): Credentials {
  const { client_id: clientId = '', client_secret, client_assertion } = fields;
  if (client_secret) return { clientId, method: 'secret', secret: client_secret };
  if (authorization !== undefined) return readBasic(authorization);
  if (client_assertion) return readAssertion(client_assertion, fields);
  return { clientId, method: 'none' };
}

function malformedHeader(): OAuthError {
  return invalidRequest('invalid authorization header value format', { reason: 'client.header_malformed' });
}

/**
 * RFC 6749 section 2.3.1: both parts are form-encoded. Some libraries send an empty secret for a public client, which has
 * none.
 */
function readBasic(authorization: string): Credentials {
  const [scheme = '', encoded = '', ...more] = authorization.split(' ');
  if (scheme.toLowerCase() !== 'basic' || more.length > 0 || !isBase64(encoded)) throw malformedHeader();
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon === -1) throw malformedHeader();
  const clientId = formDecoded(text.slice(0, colon));
  const written = text.slice(colon + 1);
  const secret = formDecoded(written);
  return secret === '' ? { clientId, method: 'none' } : { clientId, method: 'secret', secret, written };
}

/** Padding may be missing. */
function isBase64(text: string): boolean {
  const [, characters = '', padding = ''] = /^([A-Za-z0-9+/]+)(={0,2})$/.exec(text) ?? [];
  const rest = characters.length % 4;
  return characters !== '' && (padding === '' ? rest !== 1 : rest + padding.length === 4);
}

/** RFC 6749 appendix A: ids and secrets are printable ASCII. */
function formDecoded(text: string): string {
  try {
    const decoded = decodeURIComponent(text.replaceAll('+', ' '));
    if (/^[\x20-\x7E]*$/.test(decoded)) return decoded;
  } catch {
    // The same answer as below.
  }
  throw invalidRequest('client_id and client_secret in the authorization header are not properly encoded', {
    reason: 'client.header_not_encoded',
  });
}

/** RFC 7521 section 4.2: the assertion names the client, and so may `client_id`. */
function readAssertion(assertion: string, { client_id, client_assertion_type: type }: Fields): Credentials {
  const { sub } = claimsOf(assertion);
  if (!sub)
    throw invalidClient('sub (JWT subject) must be provided in the client_assertion JWT', SUBJECT_MISSING);
  if (type !== ASSERTION_TYPE) throw otherType(type);
  if (typeof sub === 'string') return { clientId: sub, method: 'assertion', assertion };
  throw client_id === undefined
    ? invalidClient('sub (JWT subject) in the client_assertion JWT is no client_id', SUBJECT_MISSING)
    : otherName(client_id, sub);
}

const SUBJECT_MISSING = { reason: 'assertion.sub_missing' } as const;

function otherType(type: string | undefined): OAuthError {
  return invalidRequest(
    `client_assertion_type must ${type === undefined ? 'be provided' : `have value ${ASSERTION_TYPE}`}`,
    {
      reason: 'assertion.type_wrong',
      ...(type === undefined ? {} : { came: { client_assertion_type: shown(type) } }),
      expected: { client_assertion_type: ASSERTION_TYPE },
    },
  );
}

function claimsOf(assertion: string): { sub?: unknown } {
  try {
    return decodeJwt(assertion);
  } catch {
    throw invalidRequest('invalid client_assertion format', { reason: 'assertion.malformed' });
  }
}
