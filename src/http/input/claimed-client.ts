import type { Context } from 'koa';

/** The parts of a request that may name a client. */
export interface Claims {
  authorization: string | undefined;
  /** The client that a Basic header names, where it was read before; empty for another header. */
  inHeader?: string;
  body: Readonly<Record<string, unknown>> | undefined;
  /** The `client_id` of the address. */
  inAddress: unknown;
}

/**
 * The client that a request claims to be: in a Basic header, a form, the assertion of a form, or the address. Empty
 * if it names none. Anybody can claim anything, so this is for limits and for the log.
 */
export function claimedClient({
  authorization = '',
  inHeader = clientOfHeader(authorization),
  body,
  inAddress,
}: Claims): string {
  if (inHeader !== '') return inHeader;
  if (isBasic(authorization)) return '';
  const named = [body?.client_id, subjectOf(body?.client_assertion), inAddress];
  return named.find((name) => typeof name === 'string' && name !== '')?.toString() ?? '';
}

/** The client that a Basic header names. */
export function clientOfHeader(authorization: string): string {
  if (!isBasic(authorization)) return '';
  const credentials = Buffer.from(authorization.split(' ')[1] ?? '', 'base64').toString('utf8');
  return formDecoded(credentials.split(':')[0] ?? '');
}

function isBasic(authorization: string): boolean {
  return /^basic(?: |$)/i.test(authorization);
}

/** The parts of Koa's request, whose body may be read. */
export function claimsOf({ req, query }: Context): Claims {
  const { body } = req as typeof req & { body?: Record<string, unknown> };
  return { authorization: req.headers.authorization, body, inAddress: query.client_id };
}

/** RFC 6749 section 2.3.1 form-encodes the client id. All spellings of one id must count as one client. */
function formDecoded(name: string): string {
  if (!/[+%]/.test(name)) return name;
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return name;
  }
}

/** RFC 7523 section 3: the subject of a client's assertion is the client. */
function subjectOf(assertion: unknown): unknown {
  if (typeof assertion !== 'string') return undefined;
  try {
    return JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString('utf8'))?.sub;
  } catch {
    return undefined;
  }
}
