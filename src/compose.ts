import { createDeniedSubjectStore } from './accounts/denied-subject-store.ts';
import { createDeniedSubjects, type DeniedSubjects } from './accounts/denied-subjects.ts';
import { createPersonStore, type PersonStore } from './accounts/person-store.ts';
import { createEvents, type Events } from './audit/events.ts';
import {
  createPasswordAuthenticator,
  type PasswordAuthenticator,
} from './authentication/password/password-authenticator.ts';
import {
  createUpstreamAuthenticator,
  type UpstreamAuthenticator,
} from './authentication/upstream/upstream-authenticator.ts';
import { createClientSecretStore } from './clients/client-secret-store.ts';
import { type ClientSecrets, createClientSecrets } from './clients/client-secrets.ts';
import { type ClientStore, createClientStore } from './clients/client-store.ts';
import { createListnrClientStore } from './clients/listnr-client-store.ts';
import { createListnrClients, type ListnrClients } from './clients/listnr-clients.ts';
import { cacheRegistration, type RegistrationCache } from './clients/registration-cache.ts';
import { createUsedProofStore, type UsedProofStore } from './clients/used-proof-store.ts';
import type { Config } from './config.ts';
import { type AccessTokenStore, createAccessTokenStore } from './grants/access-token-store.ts';
import { type ArtifactStore, createArtifactStore } from './grants/artifact-store.ts';
import { type ConsentStore, createConsentStore } from './grants/consent-store.ts';
import { createDeviceCodeStore, type DeviceCodeStore } from './grants/device-code-store.ts';
import { createGrantStore, type GrantStore } from './grants/grant-store.ts';
import { createRefreshFamilyStore, type RefreshFamilyStore } from './grants/refresh-family-store.ts';
import { type Csrf, createCsrf } from './http/csrf.ts';
import { respond } from './http/error-handler.ts';
import { createRateLimit, type RateLimit } from './http/rate-limit.ts';
import { createViews, type Views } from './http/views.ts';
import { createInstanceStore, type InstanceStore } from './instances/instance-store.ts';
import { createDevicePages } from './interactions/device-pages.ts';
import { explainProtocolError } from './interactions/protocol-error.ts';
import { upstreamCallbackPath } from './interactions/upstream.ts';
import { createKeyRing, type KeyRing } from './keys/key-ring.ts';
import { type RotationDependencies, rotateKeys } from './keys/rotate-keys.ts';
import type { KeySet } from './keys/signing-key.ts';
import { createSigningKeyStore, type SigningKeyStore } from './keys/signing-key-store.ts';
import { createListnrKnowledge, type ListnrKnowledge } from './listnr/knowledge.ts';
import { createLiveProvider, type LiveProvider } from './oidc/live-provider.ts';
import { createProvider } from './oidc/provider.ts';
import { type Clock, systemClock } from './platform/clock.ts';
import type { Database, Queryable } from './platform/database.ts';
import {
  createDatabaseTime,
  databaseClock,
  type MeasuredTime,
  readDatabaseClock,
} from './platform/database-time.ts';
import type { Logger } from './platform/logger.ts';
import { createMetrics, type Metrics } from './platform/metrics.ts';
import { createSecretBox, type SecretBox } from './platform/secret-box.ts';
import { createSessionStore, type SessionStore } from './sessions/session-store.ts';
import { createUpstreamSignInStore, type UpstreamSignInStore } from './sessions/upstream-sign-in-store.ts';
import { createExternalKeys, type ExternalKeys } from './tokens/id-tokens/external-keys.ts';
import { createRefreshTokenCodec, type RefreshTokenCodec } from './tokens/refresh-token-value.ts';

/** Everything that is built once. A part is handed what it uses, never this whole. */
export interface Services {
  config: Config;
  logger: Logger;
  clock: Clock;
  database: Database;
  /** Of its clock, as against this process's. */
  databaseTime: MeasuredTime;
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
  listnrClients: ListnrClients;
  listnrClientSecrets: ClientSecrets;
  people: PersonStore;
  denied: DeniedSubjects;
  listnrKnowledge: ListnrKnowledge;
  artifacts: ArtifactStore;
  deviceCodes: DeviceCodeStore;
  grants: GrantStore;
  sessions: SessionStore;
  consents: ConsentStore;
  accessTokens: AccessTokenStore;
  usedProofs: UsedProofStore;
  upstreamSignIns: UpstreamSignInStore;
  passwords: PasswordAuthenticator;
  upstream: UpstreamAuthenticator;
  keyRings: { oidc: KeyRing; listnr: KeyRing };
  externalKeys: ExternalKeys;
  live: LiveProvider;
  registration: RegistrationCache;
  families: RefreshFamilyStore;
  codec: RefreshTokenCodec;
  rotation: RotationDependencies;
  events: Events;
}

/** Parts that a test, or an embedder, brings instead of ours. */
export type Overrides = Partial<
  Pick<Services, 'clock' | 'databaseTime' | 'artifacts' | 'clients' | 'externalKeys'>
>;

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
  const metrics = createMetrics();
  const databaseNow = () => readDatabaseClock(database.background);
  const databaseTime = overrides.databaseTime ?? createDatabaseTime({ clock, databaseNow, logger, metrics });
  await databaseTime.measure();
  const rowClock = databaseClock(clock, databaseTime);
  const events = createEvents({ logger, metrics });
  const clients = overrides.clients ?? createClientStore(db);
  const rotation = {
    store: createSigningKeyStore(database.background, box),
    policy: config.keyRotation,
    rsaBits: config.rsaBits,
    clock: rowClock,
    idTokenAlgorithms: () => clients.idTokenAlgorithms(),
  };
  const people = createPersonStore(db);
  const registration = cacheRegistration({
    clients,
    clientSecrets: createClientSecretStore(db, 'client_secrets'),
    instances: createInstanceStore(db, box),
  });
  const onError = (error: unknown) =>
    logger.warn({ err: error }, 'the use of a client secret could not be noted');
  for (const keySet of ['oidc', 'listnr'] as const) await rotateKeys(keySet, rotation);
  const listnr = await loadListnrKnowledge({
    db: database.background,
    keys: rotation.store,
    logger,
    metrics,
  });
  const services = {
    ...listnr,
    config,
    logger,
    clock,
    database,
    databaseTime,
    box,
    metrics,
    events,
    rotation,
    registration,
    views: createViews(),
    csrf: createCsrf(config.secrets.cookieKeys),
    limits: {
      requests: createRateLimit(config.requestsPerMinute),
      clientFailures: createRateLimit(config.failuresPerMinute),
      signInFailures: createRateLimit(config.failuresPerMinute),
      accountFailures: createRateLimit(config.failuresPerMinute * 10),
    },
    instances: registration.instances,
    clients: registration.clients,
    clientSecrets: createClientSecrets({ store: registration.clientSecrets, clock: rowClock, onError }),
    listnrClientSecrets: createClientSecrets({
      store: {
        list: listnr.listnrClients.secretsOf,
        touch: createClientSecretStore(database.background, 'listnr_client_secrets').touch,
      },
      clock: rowClock,
      onError,
    }),
    people,
    passwords: await createPasswordAuthenticator({ people }),
    upstream: createUpstreamAuthenticator({
      people,
      redirectUri: (instanceId) => `${config.issuer}${upstreamCallbackPath(instanceId)}`,
    }),
    artifacts: overrides.artifacts ?? createArtifactStore(db, databaseTime),
    deviceCodes: createDeviceCodeStore(db, config.secrets.keyEncryptionKeys, databaseTime),
    grants: createGrantStore(db, databaseTime),
    sessions: createSessionStore(db, databaseTime),
    families: createRefreshFamilyStore(db, databaseTime),
    codec: createRefreshTokenCodec({ keys: config.secrets.refreshTokenKeys, issuer: config.issuer }),
    consents: createConsentStore(db),
    accessTokens: createAccessTokenStore(db, databaseTime),
    usedProofs: createUsedProofStore(db, databaseTime),
    upstreamSignIns: createUpstreamSignInStore(db, box, clock, databaseTime),
    externalKeys: overrides.externalKeys ?? createExternalKeys(),
  };
  const live = createLiveProvider(() => {
    const provider = createProvider({
      ...services,
      issuer: config.issuer,
      https: config.https,
      cookieKeys: config.secrets.cookieKeys,
      keyRing: services.keyRings.oidc,
      devicePages: createDevicePages(services),
      renderError(ctx, { error, error_description }) {
        const message = explainProtocolError(error);
        const answer = { status: ctx.status, code: error, message, detail: error_description, headers: {} };
        respond(ctx, answer, services.views);
      },
    });
    return provider;
  });
  return { ...services, live };
}

/** What LiSTNR goes on with while the database is away: all of it is read before anything is answered. */
async function loadListnrKnowledge({
  db,
  keys,
  logger,
  metrics,
}: {
  db: Queryable;
  keys: SigningKeyStore;
  logger: Logger;
  metrics: Metrics;
}): Promise<Pick<Services, 'keyRings' | 'listnrClients' | 'denied' | 'listnrKnowledge'>> {
  const ringOf = (keySet: KeySet) =>
    createKeyRing(keys, keySet, { logger, onSign: () => metrics.countSignature(keySet) });
  const keyRings = { oidc: await ringOf('oidc'), listnr: await ringOf('listnr') };
  const listnrClients = await createListnrClients(createListnrClientStore(db));
  const denied = await createDeniedSubjects(createDeniedSubjectStore(db));
  const listnrKnowledge = createListnrKnowledge({ clients: listnrClients, denied, keyRings });
  metrics.observeKnowledge(listnrKnowledge);
  return { keyRings, listnrClients, denied, listnrKnowledge };
}
