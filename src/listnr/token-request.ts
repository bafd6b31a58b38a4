import { invalidRequest } from '../tokens/listnr/errors.ts';

/** The body of a token request. `null` and a missing member mean the same. */
export interface TokenRequest {
  clientId: string;
  /** Unchanged; empty when it is missing. */
  scope: string;
  /** Only for client credentials. A bearer client may send anything here; it is ignored. */
  subject: unknown;
}

/** @throws HttpError 400 `invalid_request` when a member is unusable. */
export function readTokenRequest(body: Readonly<Record<string, unknown>>): TokenRequest {
  const clientId = optionalString(body, 'client_id');
  if (!clientId) throw invalidRequest('client_id is required.', { reason: 'listnr.client_id_missing' });
  return { clientId, scope: optionalString(body, 'scope') ?? '', subject: body.subject ?? undefined };
}

function optionalString(body: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = body[name] ?? undefined;
  if (value !== undefined && typeof value !== 'string')
    throw invalidRequest(`${name} must be a string.`, {
      reason: 'listnr.member_not_text',
      came: { member: name },
    });
  return value;
}
