import type { Provider } from 'oidc-provider';
import { createPersonStore, type PersonStore } from './accounts/person-store.ts';
import { type ArtifactStore, createArtifactStore } from './artifacts/artifact-store.ts';
import { type ConsentStore, createConsentStore } from './artifacts/consent-store.ts';
import { createGrantStore, type GrantStore } from './artifacts/grant-store.ts';
import {
  createRevokedAccessTokenStore,
  type RevokedAccessTokenStore,
} from './artifacts/revoked-access-token-store.ts';
import { createUpstreamSignInStore, type UpstreamSignInStore } from './artifacts/upstream-sign-in-store.ts';
import {
  createPasswordAuthenticator,
  type PasswordAuthenticator,
} from './authentication/password-authenticator.ts';
import {
  createUpstreamAuthenticator,
  type UpstreamAuthenticator,
} from './authentication/upstream-authenticator.ts';
import { createClientSecretStore } from './clients/client-secret-store.ts';
import { type ClientSecrets, createClientSecrets } from './clients/client-secrets.ts';
import { type ClientStore, createClientStore } from './clients/client-store.ts';
import { createListnrClientStore, type ListnrClientStore } from './clients/listnr-client-store.ts';
import type { Config } from './config.ts';
import { type Csrf, createCsrf } from './http/csrf.ts';
import { respond } from './http/error-handler.ts';
import { createRateLimit, type RateLimit } from './http/rate-limit.ts';
import { createViews, type Views } from './http/views.ts';
import { createInstanceStore, type InstanceStore } from './instances/instance-store.ts';
import { explainProtocolError } from './interactions/protocol-error.ts';
import { upstreamCallbackPath } from './interactions/upstream.ts';
import { type KeyRing, loadKeyRing } from './keys/key-ring.ts';
import { createSigningKeyStore } from './keys/signing-key-store.ts';
import { createExternalKeys, type ExternalKeys } from './listnr/external-keys.ts';
import { takeBackFailures } from './oidc/mount.ts';
import { createProvider } from './oidc/provider.ts';
import { type Clock, systemClock } from './platform/clock.ts';
import type { Database } from './platform/database.ts';
import type { Logger } from './platform/logger.ts';
import { createMetrics, type Metrics } from './platform/metrics.ts';
import { createSecretBox, type SecretBox } from './platform/secret-box.ts';

/** Everything that is built once. A part is handed what it uses, never this whole. */
export interface Services {
  config: Config;
  logger: Logger;
  clock: Clock;
  database: Database;
  box: SecretBox;
  metrics: Metrics;
  views: Views;
  csrf: Csrf;
  limits: {
    requests: RateLimit;
    clientFailures: RateLimit;
    signInFailures: RateLimit;
    accountFailures: RateLimit;
  };
  instances: InstanceStore;
  clients: ClientStore;
  clientSecrets: ClientSecrets;
  listnrClients: ListnrClientStore;
  listnrClientSecrets: ClientSecrets;
  people: PersonStore;
  artifacts: ArtifactStore;
  grants: GrantStore;
  consents: ConsentStore;
  revoked: RevokedAccessTokenStore;
  upstreamSignIns: UpstreamSignInStore;
  passwords: PasswordAuthenticator;
  upstream: UpstreamAuthenticator;
  keyRings: { oidc: KeyRing; listnr: KeyRing };
  externalKeys: ExternalKeys;
  provider: Provider;
}

/** Parts that a test, or an embedder, brings instead of ours. */
export type Overrides = Partial<Pick<Services, 'clock' | 'people' | 'clients' | 'externalKeys'>>;

/** The only wiring: builds every part on an open, migrated database. */
export async function compose({
  config,
  logger,
  database,
  overrides = {},
}: {
  config: Config;
  logger: Logger;
  database: Database;
  overrides?: Overrides;
}): Promise<Services> {
  const db = database.knex;
  const clock = overrides.clock ?? systemClock;
  const box = createSecretBox(config.secrets.keyEncryptionKeys);
  const signingKeys = createSigningKeyStore(db, box);
  const people = overrides.people ?? createPersonStore(db);
  const services = {
    config,
    logger,
    clock,
    database,
    box,
    metrics: createMetrics(),
    views: createViews(),
    csrf: createCsrf(config.secrets.cookieKeys),
    limits: {
      requests: createRateLimit(config.requestsPerMinute),
      clientFailures: createRateLimit(config.failuresPerMinute),
      signInFailures: createRateLimit(config.failuresPerMinute),
      accountFailures: createRateLimit(config.failuresPerMinute * 10),
    },
    instances: createInstanceStore(db, box),
    clients: overrides.clients ?? createClientStore(db),
    clientSecrets: createClientSecrets({ store: createClientSecretStore(db, 'client_secrets'), clock }),
    listnrClients: createListnrClientStore(db),
    listnrClientSecrets: createClientSecrets({
      store: createClientSecretStore(db, 'listnr_client_secrets'),
      clock,
    }),
    people,
    passwords: await createPasswordAuthenticator({ people }),
    upstream: createUpstreamAuthenticator({
      people,
      redirectUri: (instanceId) => `${config.issuer}${upstreamCallbackPath(instanceId)}`,
    }),
    artifacts: createArtifactStore(db),
    grants: createGrantStore(db),
    consents: createConsentStore(db),
    revoked: createRevokedAccessTokenStore(db),
    upstreamSignIns: createUpstreamSignInStore(db, box),
    keyRings: {
      oidc: await loadKeyRing(signingKeys, 'oidc'),
      listnr: await loadKeyRing(signingKeys, 'listnr'),
    },
    externalKeys: overrides.externalKeys ?? createExternalKeys(),
  };

  const provider = createProvider({
    ...services,
    issuer: config.issuer,
    cookieKeys: config.secrets.cookieKeys,
    keyRing: services.keyRings.oidc,
    renderError(ctx, { error, error_description }) {
      respond(
        ctx,
        {
          status: ctx.status,
          code: error,
          message: explainProtocolError(error),
          detail: error_description,
          headers: {},
        },
        services.views,
      );
    },
  });
  takeBackFailures(provider);
  return { ...services, provider };
}
