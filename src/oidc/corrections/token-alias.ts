import { randomBytes } from 'node:crypto';
import { decodeProtectedHeader } from 'jose';
import { requestScope } from '../request-scope.ts';

/**
 * The library refuses a JWT at revocation and introspection by its shape, and ours are to be accepted there. So it
 * is given a name without that shape, and `AccessToken.find` looks up what the name stands for in the request. A
 * refresh token has two dots as well, but no header.
 */
export function hideTokenShape(body: Record<string, unknown>): void {
  if (typeof body.token !== 'string' || !hasHeader(body.token)) return;
  requestScope().presentedToken = body.token;
  body.token = randomBytes(32).toString('base64url');
}

function hasHeader(token: string): boolean {
  try {
    return Boolean(decodeProtectedHeader(token));
  } catch {
    return false;
  }
}
