import { confirmationOf } from '../../clients/proofs/confirmation.ts';
import { type Clock, epochSeconds } from '../../platform/time/clock.ts';
import type { AccessTokenClaims } from '../../tokens/access-token.ts';
import { issueTokens, signersFor } from '../../tokens/issue-tokens.ts';
import { userinfo } from '../../tokens/userinfo.ts';
import { authorizationOf, madeUp, type PreviewedRequest } from './authorization.ts';
import { type Finding, findingOf } from './finding.ts';
import { type DecodedToken, decoded, type UnsignedKeys } from './unsigned.ts';

/** The tokens and claims that a client would get. */
export interface PreviewedTokens {
  idToken: DecodedToken | undefined;
  accessToken: DecodedToken;
  /** Undefined for a client that gets none. */
  refreshToken: { bytes: number } | undefined;
  userinfo: { claims: Record<string, unknown>; bytes: number } | { refused: Finding };
  /** The rest of the answer of the token endpoint. */
  answer: { scope: string; token_type: string; expires_in: number };
}

/** `family.sequence.mac` (`tokens/refresh-token-value.ts`). */
const REFRESH_TOKEN_BYTES = 22 + 1 + 1 + 1 + 43;
const THUMBPRINT_LENGTH = 43;

/** Makes them with the functions of the token endpoint and of userinfo. */
export async function previewTokens(
  request: PreviewedRequest,
  { issuer, clock, keys }: { issuer: string; clock: Clock; keys: UnsignedKeys },
): Promise<PreviewedTokens> {
  const { client } = request;
  const now = clock.now();
  const authorization = authorizationOf(request, now);
  const proved = provedBy(request, now);
  const refreshToken = client.grantTypes.includes('refresh_token')
    ? madeUp('refresh-token', REFRESH_TOKEN_BYTES)
    : undefined;
  const { access_token, id_token, scope, token_type, expires_in } = await issueTokens(
    {
      ...{ client, authorization, refreshToken, note: () => {} },
      signers: signersFor(client, keys),
      scope: String(authorization.payload.scope),
      cnf: confirmationOf(client, proved),
    },
    { issuer, clock },
  );
  const accessToken = decoded(access_token);
  return {
    idToken: id_token === undefined ? undefined : decoded(id_token),
    accessToken,
    refreshToken: refreshToken === undefined ? undefined : { bytes: REFRESH_TOKEN_BYTES },
    userinfo: await claimsAt(accessToken),
    answer: { scope, token_type, expires_in },
  };

  async function claimsAt({ claims }: DecodedToken): Promise<PreviewedTokens['userinfo']> {
    try {
      const given = await userinfo(
        {
          token: { claims: claims as unknown as AccessTokenClaims, expired: false },
          ...{ client, scope: undefined, ...proved },
        },
        {
          accessTokens: {
            find: async () => ({
              revoked: false,
              grant: { ...authorization.grant, person: authorization.person },
            }),
          },
          usedProofs: { use: async () => true },
          clock,
        },
      );
      return { claims: given, bytes: Buffer.byteLength(JSON.stringify(given)) };
    } catch (error) {
      return { refused: findingOf(error) };
    }
  }
}

/** The keys that the client proves with each request: those that its registration demands. */
function provedBy({ client, dpop }: PreviewedRequest, now: Date) {
  const iat = epochSeconds({ now: () => now });
  const proof = {
    ...{ jkt: madeUp('key', THUMBPRINT_LENGTH), alg: 'ES256', iat },
    ...{ jti: madeUp('proof', 36), expiresAt: now },
  };
  return {
    proof: dpop || client.requireDpop ? proof : undefined,
    certificate: client.certificateBoundAccessTokens
      ? { thumbprint: madeUp('certificate', THUMBPRINT_LENGTH) }
      : undefined,
  };
}
