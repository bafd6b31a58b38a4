/**
 * The protocol library, configured and corrected: everything about OAuth 2.0 and OpenID Connect, and nothing else. Each
 * file here has one of its hooks. Where its behaviour differs from the contract, a file of `corrections/` replaces a
 * member of it, a file of `checks/` refuses more than it does, or a file of `answers/` changes its answer. Only this
 * folder imports `oidc-provider` (pages use its types and errors).
 */
import { Provider } from 'oidc-provider';
import type { UsedProofStore } from '../clients/proofs/used-proof-store.ts';
import { sessionCookieName } from '../sessions/session-cookie.ts';
import { asRegistered } from './answers/as-registered.ts';
import { crossOrigin } from './answers/cross-origin.ts';
import { nameErrorUri } from './answers/error-uri.ts';
import { takeBackFailures } from './answers/failures.ts';
import { formPost } from './answers/form-post.ts';
import { plainDescriptions } from './answers/plain-description.ts';
import { keepDocuments } from './answers/published-documents.ts';
import { type ConfigurationDependencies, oidcConfiguration } from './configuration/configuration.ts';
import { correctClients, keepClients } from './corrections/client-model.ts';
import { readHints, signAnswers } from './corrections/id-token.ts';
import { replace } from './corrections/replace.ts';
import { decideReplays } from './corrections/replay-detection.ts';
import { keepSessionRows } from './corrections/session.ts';
import { logProviderEvents } from './events.ts';
import { requestContext } from './request-context.ts';
import { noteRequest } from './request-facts.ts';

export interface ProviderDependencies extends ConfigurationDependencies {
  usedProofs: UsedProofStore;
}

export function createProvider(dependencies: ProviderDependencies): Provider {
  const { issuer, clock } = dependencies;
  const provider = new Provider(issuer, oidcConfiguration(dependencies));
  // issuer-origin.ts sets X-Forwarded-Proto to the issuer's scheme in every request.
  provider.proxy = true;

  keepSessionRows(provider, dependencies);
  decideReplays(provider, dependencies);
  readHints(provider, dependencies);
  signAnswers(provider, dependencies);
  correctClients(provider);
  keepClients(provider, dependencies);
  nameSessionCookies(provider, dependencies.https);
  logProviderEvents(provider, dependencies);
  // Each middleware surrounds the next, and the last one surrounds the library's routes. So a failure is taken back
  // before the others see the answer.
  for (const around of [
    noteRequest,
    crossOrigin,
    keepDocuments(provider),
    formPost,
    plainDescriptions,
    asRegistered,
    nameErrorUri(issuer),
    takeBackFailures(clock),
  ])
    provider.use(around);
  return provider;
}

/** Outside an instance there is no session, so the bare name is never set. */
function nameSessionCookies(provider: Provider, https: boolean): void {
  const cookieName = provider.cookieName.bind(provider);
  replace(provider, {
    cookieName(type: Parameters<typeof cookieName>[0]) {
      const { instanceId } = requestContext();
      return type === 'session' && instanceId ? sessionCookieName(instanceId, { https }) : cookieName(type);
    },
  });
}
