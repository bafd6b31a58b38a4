/**
 * The protocol library, configured and corrected: everything that is OAuth 2.0 and OpenID Connect, and nothing
 * else. Each file here holds one of its hooks; where its behaviour differs from the contract, the file that
 * corrects it says how. It is the only folder that imports `oidc-provider` (pages use its types and errors).
 */
import { Provider } from 'oidc-provider';
import type { ClientSecrets } from '../clients/client-secrets.ts';
import type { UsedProofStore } from '../clients/used-proof-store.ts';
import type { AccessTokenStore } from '../grants/access-token-store.ts';
import { sessionCookieName } from '../sessions/session-cookie.ts';
import { type ConfigurationDependencies, oidcConfiguration } from './configuration.ts';
import { findAccessTokens } from './corrections/access-token.ts';
import { correctClients, keepClients } from './corrections/client-model.ts';
import { crossOrigin } from './corrections/cross-origin.ts';
import { takeBackFailures } from './corrections/failures.ts';
import { formPost } from './corrections/form-post.ts';
import { keepDocuments } from './corrections/published-documents.ts';
import { findRefreshTokens } from './corrections/refresh-token.ts';
import { replace } from './corrections/replace.ts';
import { decideReplays } from './corrections/replay-detection.ts';
import { readRetiredHints } from './corrections/retired-hint.ts';
import { keepSessionRows } from './corrections/session.ts';
import { logProviderEvents } from './events.ts';
import { requestScope } from './request-scope.ts';
import { registerTokenGrants, type TokenGrantDependencies } from './token-grants.ts';

export interface ProviderDependencies extends ConfigurationDependencies, TokenGrantDependencies {
  accessTokens: AccessTokenStore;
  usedProofs: UsedProofStore;
  clientSecrets: ClientSecrets;
}

export function createProvider(dependencies: ProviderDependencies): Provider {
  const { issuer, clock } = dependencies;
  const provider = new Provider(issuer, oidcConfiguration(dependencies));
  // The scheme of the issuer arrives as X-Forwarded-Proto, set by issuer-origin.ts for every request.
  provider.proxy = true;

  registerTokenGrants(provider, dependencies);
  findAccessTokens(provider, dependencies);
  findRefreshTokens(provider, dependencies);
  keepSessionRows(provider, dependencies);
  decideReplays(provider, dependencies);
  readRetiredHints(provider, dependencies);
  correctClients(provider, dependencies);
  keepClients(provider, dependencies);
  nameSessionCookies(provider, dependencies.https);
  logProviderEvents(provider);
  // Each stands around the next, and the last around the library's routes: a failure is taken back before the others
  // look at the answer.
  for (const around of [crossOrigin, keepDocuments(provider), formPost, takeBackFailures(clock)])
    provider.use(around);
  return provider;
}

/** Outside an instance there is no session; the bare name is then never set. */
function nameSessionCookies(provider: Provider, https: boolean): void {
  const cookieName = provider.cookieName.bind(provider);
  replace(provider, {
    cookieName(type: Parameters<typeof cookieName>[0]) {
      const { instanceId } = requestScope();
      return type === 'session' && instanceId ? sessionCookieName(instanceId, { https }) : cookieName(type);
    },
  });
}
