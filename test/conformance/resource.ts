import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import * as oauth from 'oauth4webapi';
import { API } from './registration.ts';

/**
 * An API that takes access tokens, for plans without userinfo. The server says whether a token is good. A token that is
 * bound to a certificate needs that certificate; a library by others judges any other one, and its proof.
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
      const [, token = ''] = (req.headers.authorization ?? '').split(' ');
      const { active, sub, cnf = {} } = await introspected(token);
      if (!active) return REFUSED;
      if (cnf['x5t#S256'] === undefined) await oauth.validateJwtAccessToken(as, request, issuer, options);
      else if (cnf['x5t#S256'] !== thumbprintOf(certificate)) return REFUSED;
      return { status: 200, body: { sub } };
    } catch {
      return REFUSED;
    }
  };

  async function introspected(token: string): Promise<Introspected> {
    const answer = await fetch(as.introspection_endpoint, {
      method: 'POST',
      body: new URLSearchParams({ token, client_id: API, client_secret: secret }),
    });
    return (await answer.json()) as Introspected;
  }
}

interface Introspected {
  active: boolean;
  sub?: string;
  cnf?: Record<string, unknown>;
}

const REFUSED = { status: 401, body: { error: 'invalid_token' } };

function thumbprintOf(certificate: Buffer | undefined): string | undefined {
  return certificate && createHash('sha256').update(certificate).digest('base64url');
}
