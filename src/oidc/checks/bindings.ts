import { decodeJwt, decodeProtectedHeader } from 'jose';
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Client } from '../../clients/client.ts';
import { proofFault } from '../../clients/security-profile.ts';
import { because } from '../reasons/refused-because.ts';

/** 32 bytes as base64url: 43 characters, of which the last holds four bits. */
const SHA256 = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/** Whether a text can be a SHA-256 in base64url. */
export function isSha256(text: string): boolean {
  return SHA256.test(text);
}

/**
 * Refuses a `code_challenge` or `dpop_jkt` that no verifier or key can ever match, before a person signs in for
 * nothing (RFC 7636 section 4.2, RFC 9449 section 10).
 */
export function checkBindings({ oidc }: KoaContextWithOIDC): void {
  const { code_challenge, dpop_jkt } = oidc.params ?? {};
  if (code_challenge !== undefined && !isSha256(String(code_challenge)))
    throw because(
      new errors.InvalidRequest(
        'code_challenge must be the SHA-256 of the code_verifier, as 43 characters of base64url',
      ),
      { reason: 'code_challenge.malformed' },
    );
  if (dpop_jkt !== undefined && !isSha256(String(dpop_jkt)))
    throw because(
      new errors.InvalidRequest(
        'dpop_jkt must be the SHA-256 thumbprint of a key, as 43 characters of base64url',
      ),
      { reason: 'dpop_jkt.malformed' },
    );
}

/**
 * Refuses a DPoP proof that the client's security profile forbids. The library has verified it, by the rules for
 * everybody, where a request is pushed (RFC 9449 section 10.1); elsewhere it reads none.
 */
export function checkPushedProof(ctx: KoaContextWithOIDC, client: Client, now: Date): void {
  if (ctx.oidc.route !== 'pushed_authorization_request') return;
  const proof = ctx.get('DPoP');
  if (!proof) return;
  const [{ alg = '' }, { iat = 0 }] = [decodeProtectedHeader(proof), decodeJwt(proof)];
  const fault = proofFault(client, { alg, iat }, now);
  if (fault) throw because(new errors.InvalidDpopProof(fault.message), fault.why);
}
