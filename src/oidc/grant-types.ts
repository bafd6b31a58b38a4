import { errors, type Provider, type TokenEndpointGrantContext } from 'oidc-provider';
import { verifyDpopProof } from '../clients/dpop-proof.ts';
import type { Clock } from '../platform/time/clock.ts';
import { TokenError } from '../tokens/errors.ts';
import { type ExchangeDependencies, exchangeCode } from '../tokens/exchange-code.ts';
import { type DeviceCodeDependencies, redeemDeviceCode } from '../tokens/redeem-device-code.ts';
import { type RefreshDependencies, refresh } from '../tokens/refresh.ts';
import type { TokenAnswer, TokenRequest } from '../tokens/token-request.ts';
import { noteFacts } from './request-context.ts';
import { PATHS } from './routes.ts';
import { clientRecord } from './storage/client-metadata.ts';

export const DEVICE_CODE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

export type GrantTypeDependencies = RefreshDependencies & ExchangeDependencies & DeviceCodeDependencies;

/**
 * Lets `tokens/` answer the grants of the token endpoint instead of the library. The library reads the parameters,
 * refuses duplicates, and renders errors. The client is authenticated before (client-requests.ts). A registered grant is also announced, so only
 * grants of active features are registered.
 */
export function registerGrantTypes(provider: Provider, dependencies: GrantTypeDependencies): void {
  const register = (
    grantType: string,
    parameters: string[],
    answer: (request: TokenRequest, dependencies: GrantTypeDependencies) => Promise<TokenAnswer>,
  ) => {
    provider.registerGrantType(
      grantType,
      async (ctx) => {
        ctx.body = await explained(async () => answer(await readRequest(ctx, dependencies), dependencies));
      },
      parameters,
    );
  };
  register('authorization_code', ['code', 'code_verifier', 'redirect_uri'], exchangeCode);
  register('refresh_token', ['refresh_token', 'scope'], refresh);
  register(DEVICE_CODE_GRANT, ['device_code'], redeemDeviceCode);
}

async function readRequest(
  ctx: TokenEndpointGrantContext,
  dependencies: { issuer: string; clock: Clock },
): Promise<TokenRequest> {
  const { client, params } = ctx.oidc;
  return {
    client: clientRecord(client),
    parameters: params as TokenRequest['parameters'],
    note: noteFacts,
    ...(await readProof(ctx, dependencies)),
  };
}

async function readProof(
  ctx: TokenEndpointGrantContext,
  { issuer, clock }: { issuer: string; clock: Clock },
): Promise<Pick<TokenRequest, 'proof' | 'proofError'>> {
  const text = ctx.get('DPoP');
  if (!text) return { proof: undefined, proofError: undefined };
  const target = { method: ctx.method, url: `${issuer}${PATHS.token}`, now: clock.now() };
  return verifyDpopProof(text, target).then(
    (proof) => ({ proof, proofError: undefined }),
    ({ message }: Error) => ({ proof: undefined, proofError: new TokenError('invalid_dpop_proof', message) }),
  );
}

/** Turns refusals into errors that the library renders and reports to its listeners. */
async function explained<T>(answer: () => Promise<T>): Promise<T> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    const { code, message, members, detail } = error;
    throw Object.assign(new errors.CustomOIDCProviderError(code, message, { detail }), members);
  }
}
