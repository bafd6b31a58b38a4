import { timesOf } from '../refusals/shown.ts';
import type { Client, SigningAlgorithm } from './client.ts';
import { PROOF_ALGORITHMS } from './proofs/dpop-proof.ts';
import { RefusedProof } from './proofs/refused-proof.ts';

/**
 * The requirements of the FAPI 2.0 Security Profile. A client with this profile has them all. The database refuses a
 * registration that contradicts them, and nothing here relies on that.
 */
const LONGEST_CODE_SECONDS = 60;
const GRANT_TYPES: readonly string[] = ['authorization_code', 'refresh_token'];
/** For a client that asks for RS256, which the profile forbids. The trigger writes the same. */
const OWN_ALGORITHM = 'ES256';

/** The ways of an answer that is a JWT (JARM); the first is for a request that names none. */
const SIGNED_MODES: readonly string[] = ['jwt', 'query.jwt', 'fragment.jwt', 'form_post.jwt'];

/** The algorithms of whatever such a client signs. Ed25519 is another name of EdDSA. */
const CLIENT_ALGORITHMS = PROOF_ALGORITHMS.filter((alg) => alg !== 'RS256');

/** How far ahead the `iat` of a JWT may be (FAPI 2.0 Security Profile section 5.3.2.1). */
const AHEAD_SECONDS = 60;

export function isFapi({ securityProfile }: Pick<Client, 'securityProfile'>): boolean {
  return securityProfile !== 'standard';
}

/** A registration with everything that its profile implies. It is made once for each record. */
export function underProfile(client: Client): Client {
  if (!isFapi(client)) return client;
  const alg = permitted(client.idTokenSignedResponseAlg, OWN_ALGORITHM);
  return {
    ...client,
    type: 'confidential',
    grantTypes: client.grantTypes.filter((type) => GRANT_TYPES.includes(type)),
    redirectUris: client.redirectUris.filter((uri) => /^https:/i.test(uri)),
    requirePkce: true,
    requirePushedAuthorizationRequests: true,
    ...(signsMessages(client) ? signedMessages(client) : {}),
    // Its tokens are bound to a key in one way or the other (FAPI 2.0 Security Profile section 5.3.2.1).
    requireDpop: client.requireDpop || !client.certificateBoundAccessTokens,
    rotateRefreshTokens: false,
    idTokenSignedResponseAlg: alg,
    accessTokenSigningAlg: alg,
    authorizationSignedResponseAlg: permitted(client.authorizationSignedResponseAlg, alg),
    introspectionSignedResponseAlg: permitted(client.introspectionSignedResponseAlg, alg),
    authorizationCodeTtlSeconds: Math.min(client.authorizationCodeTtlSeconds, LONGEST_CODE_SECONDS),
  };
}

export function signsMessages({ securityProfile }: Pick<Client, 'securityProfile'>): boolean {
  return securityProfile === 'fapi2_message_signing';
}

/** FAPI 2.0 Message Signing sections 5.3 and 5.4: requests are signed by the client, and answers by this server. */
function signedMessages({
  responseModes,
}: Client): Pick<Client, 'requireSignedRequestObject' | 'responseModes'> {
  const modes = (responseModes ?? []).filter((mode) => SIGNED_MODES.includes(mode));
  return { requireSignedRequestObject: true, responseModes: modes.length > 0 ? modes : SIGNED_MODES };
}

function permitted(alg: SigningAlgorithm, otherwise: SigningAlgorithm): SigningAlgorithm {
  return alg === 'RS256' ? otherwise : alg;
}

/** The algorithms in which a client may sign. */
export function clientAlgorithms(client: Pick<Client, 'securityProfile'>): readonly string[] {
  return isFapi(client) ? CLIENT_ALGORITHMS : PROOF_ALGORITHMS;
}

/** Why a DPoP proof that is right by itself is not good enough for its client; undefined if it is. */
export function proofFault(
  client: Pick<Client, 'securityProfile'>,
  { alg, iat }: { alg: string; iat: number },
  now: Date,
): RefusedProof | undefined {
  if (!isFapi(client)) return undefined;
  if (!clientAlgorithms(client).includes(alg))
    return new RefusedProof(`DPoP proof must be signed with ${CLIENT_ALGORITHMS.join(', ')}`, {
      reason: 'proof.alg_not_allowed',
      came: { alg },
      expected: { alg: CLIENT_ALGORITHMS },
    });
  if (iat > now.getTime() / 1000 + AHEAD_SECONDS)
    return new RefusedProof('DPoP proof iat is too far in the future', {
      reason: 'proof.iat_in_future',
      ...timesOf({ iat }, now),
    });
  return undefined;
}
