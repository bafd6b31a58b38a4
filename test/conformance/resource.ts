import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import * as oauth from 'oauth4webapi';
import { API } from './registration.ts';

/**
 * An API that takes access tokens, for plans without userinfo. A library by others judges the token and its proof; the
 * server says whether the token is still good, and a token that is bound to a certificate needs that certificate.
 */
export function createResource({
  issuer,
  server,
  secret,
}: {
  issuer: string;
  /** The address of the server behind the front. */
  server: string;
  secret: string;
}): (req: IncomingMessage, certificate: Buffer | undefined) => Promise<{ status: number; body: object }> {
  const as = { issuer, jwks_uri: `${issuer}/auth/jwks`, introspection_endpoint: `${server}/auth/introspect` };
  // The library asks for the keys at the issuer's address, whose certificate nobody knows.
  const behind: typeof fetch = (url, init) => fetch(String(url).replace(issuer, server), init);
  const options = { [oauth.customFetch]: behind, [oauth.allowInsecureRequests]: true } as never;

  return async (req, certificate) => {
    try {
      const request = new Request(`${issuer}${req.url}`, {
        method: req.method ?? 'GET',
        headers: req.headers as Record<string, string>,
      });
      const claims = await oauth.validateJwtAccessToken(as, request, issuer, options);
      const [, token = ''] = (req.headers.authorization ?? '').split(' ');
      if (!(await isActive(token))) return { status: 401, body: { error: 'invalid_token' } };
      const bound = (claims.cnf as Record<string, unknown> | undefined)?.['x5t#S256'];
      const thumbprint = certificate && createHash('sha256').update(certificate).digest('base64url');
      if (bound !== undefined && bound !== thumbprint)
        return { status: 401, body: { error: 'invalid_token' } };
      return { status: 200, body: { sub: claims.sub } };
    } catch {
      return { status: 401, body: { error: 'invalid_token' } };
    }
  };

  async function isActive(token: string): Promise<boolean> {
    const answer = await fetch(as.introspection_endpoint, {
      method: 'POST',
      body: new URLSearchParams({ token, client_id: API, client_secret: secret }),
    });
    return ((await answer.json()) as { active?: boolean }).active === true;
  }
}
