import { randomBytes } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import { requestContext } from '../request-context.ts';

/**
 * At revocation and introspection, the library refuses a token that looks like a JWT, but ours must be accepted. So
 * the library gets a name that does not look like one, and `AccessToken.find` uses the token in the request's context.
 * A refresh token also has two dots, but no header.
 */
export function hideTokenShape(body: Record<string, unknown>): void {
  if (typeof body.token !== 'string' || !hasHeader(body.token)) return;
  requestContext().presentedToken = body.token;
  body.token = randomBytes(32).toString('base64url');
}

function hasHeader(token: string): boolean {
  try {
    return Boolean(decodeProtectedHeader(token));
  } catch {
    return false;
  }
}
