import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import * as oauth from 'oauth4webapi';
import { API } from './registration.ts';

/** The algorithms that FAPI 2.0 allows, for access tokens and proofs alike. */
const ALGORITHMS = ['PS256', 'ES256', 'Ed25519', 'EdDSA'];

/** A library by others refuses an older proof, so nobody remembers it for longer. */
const PROOF_MS = 300_000;

/**
 * An API of FAPI 2.0 that takes access tokens, for plans without userinfo. The server says whether a token is good. A
 * token that is bound to a certificate needs that certificate. Any other token needs a proof, once: a library by others
 * judges both.
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
  const options = {
    [oauth.customFetch]: behind,
    [oauth.allowInsecureRequests]: true,
    signingAlgorithms: ALGORITHMS,
    requireDPoP: true,
  } as never;
  const isNew = rememberProofs();

  return async (req, certificate) => {
    try {
      const request = new Request(`${issuer}${req.url}`, {
        method: req.method ?? 'GET',
        headers: req.headers as Record<string, string>,
      });
      const [scheme = '', token = ''] = (req.headers.authorization ?? '').split(' ');
      const { active, sub, cnf = {} } = await introspected(token);
      if (!active) return REFUSED;
      if (cnf['x5t#S256'] === undefined) {
        await oauth.validateJwtAccessToken(as, request, issuer, options);
        if (!isNew(String(req.headers.dpop))) return REFUSED;
        return { status: 200, body: { sub } };
      }
      const isBearer = scheme.toLowerCase() === 'bearer' && cnf.jkt === undefined;
      const isSigned = ALGORITHMS.includes(String(decodeProtectedHeader(token).alg));
      const isTheirs = cnf['x5t#S256'] === thumbprintOf(certificate);
      return isBearer && isSigned && isTheirs ? { status: 200, body: { sub } } : REFUSED;
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

/** Says of a proof that is good otherwise whether it comes for the first time. */
function rememberProofs(): (proof: string) => boolean {
  const seen = new Map<string, number>();
  return (proof) => {
    const now = Date.now();
    for (const [id, until] of seen) if (until < now) seen.delete(id);
    const { jti = '', iat = 0 } = decodeJwt(proof);
    if (seen.has(jti)) return false;
    seen.set(jti, iat * 1000 + 2 * PROOF_MS);
    return true;
  };
}

function thumbprintOf(certificate: Buffer | undefined): string | undefined {
  return certificate && createHash('sha256').update(certificate).digest('base64url');
}
