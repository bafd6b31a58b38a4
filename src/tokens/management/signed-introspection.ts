import { epochSeconds } from '../../platform/time/clock.ts';
import { signerOf } from '../issue-tokens.ts';
import { type IntrospectionDependencies, introspect } from './introspect.ts';
import type { ManagementRequest } from './management-request.ts';

/** The header's `typ`, which shows that it is no access token, whatever it says (RFC 9701 section 5). */
const TYPE = 'token-introspection+jwt';

/**
 * Describes a token as `introspect` does, in a JWT that the asking client can keep as evidence (RFC 9701 section 5). The
 * JWT has neither `sub` nor `exp`, so that nobody takes it for a token.
 * @throws HttpError 503 for a second or two after the first client asked for its algorithm; and what `introspect` throws.
 */
export async function signedIntrospection(
  request: ManagementRequest,
  d: IntrospectionDependencies,
): Promise<string> {
  const { client } = request;
  const signer = signerOf(client.introspectionSignedResponseAlg, d.keyRing);
  const description = await introspect(request, d);
  return signer.sign(
    { iss: d.issuer, aud: client.id, iat: epochSeconds(d.clock), token_introspection: description },
    TYPE,
  );
}
