import { createHash, randomUUID } from 'node:crypto';
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';

/** Claims that are added to the usual ones or replace them; undefined removes one. */
export type Claims = Record<string, unknown>;

/** A key of a client's own. */
export interface ClientKey {
  alg: 'ES256' | 'EdDSA' | 'Ed25519' | 'RS256' | 'PS256';
  privateKey: CryptoKey;
  publicJwk: JWK;
}

export async function aClientKey(alg: ClientKey['alg'] = 'ES256'): Promise<ClientKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, privateKey, publicJwk: await exportJWK(publicKey) };
}

/** The same key for another algorithm. Its public half names none, so both belong to it. */
export async function signingWith(
  { privateKey, publicJwk }: ClientKey,
  alg: ClientKey['alg'],
): Promise<ClientKey> {
  const again = await importJWK({ ...(await exportJWK(privateKey)), alg }, alg);
  return { alg, privateKey: again as CryptoKey, publicJwk };
}

/** A DPoP proof (RFC 9449 section 4.2) for a request; undefined removes a claim. */
export function dpopProof(
  { alg, privateKey, publicJwk }: ClientKey,
  { htm = 'POST', htu, accessToken }: { htm?: string; htu: string; accessToken?: string },
  claims: Claims = {},
): Promise<string> {
  const ath = accessToken && createHash('sha256').update(accessToken).digest('base64url');
  const payload = { jti: randomUUID(), htm, htu, iat: now(), ...(ath ? { ath } : {}), ...claims };
  return new SignJWT(payload).setProtectedHeader({ typ: 'dpop+jwt', alg, jwk: publicJwk }).sign(privateKey);
}

/** A signed request object (RFC 9101 section 4); undefined removes a claim. */
export function requestObject(
  { alg, privateKey }: ClientKey,
  { clientId, audience }: { clientId: string; audience: string },
  parameters: Claims = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const payload = { iss: clientId, aud: audience, client_id: clientId, exp: now() + 60, ...parameters };
  return new SignJWT(payload)
    .setProtectedHeader({ alg, typ: 'oauth-authz-req+jwt', ...header })
    .sign(privateKey);
}

/** The parameters of a client that authenticates with `private_key_jwt` (RFC 7523 section 2.2). */
export async function clientAssertion(
  { alg, privateKey, publicJwk: { kid } }: ClientKey,
  { clientId, audience }: { clientId: string; audience: string },
  claims: Claims = {},
): Promise<{ client_assertion_type: string; client_assertion: string }> {
  const payload = {
    iss: clientId,
    sub: clientId,
    aud: audience,
    jti: randomUUID(),
    iat: now(),
    exp: now() + 60,
    ...claims,
  };
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await new SignJWT(payload)
      .setProtectedHeader({ alg, ...(kid ? { kid } : {}) })
      .sign(privateKey),
  };
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
