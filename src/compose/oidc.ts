import { createUsedProofStore, type UsedProofStore } from '../clients/proofs/used-proof-store.ts';
import type { Config } from '../config.ts';
import { type AccessTokenStore, createAccessTokenStore } from '../grants/access-token-store.ts';
import { type ArtifactStore, createArtifactStore } from '../grants/artifact-store.ts';
import { createDeviceCodeStore, type DeviceCodeStore } from '../grants/device-code-store.ts';
import { createGrantStore, type GrantStore } from '../grants/grant-store.ts';
import { createRefreshFamilyStore, type RefreshFamilyStore } from '../grants/refresh-family-store.ts';
import type { InstanceStore } from '../instances/instance-store.ts';
import { policyOf } from '../instances/sign-in-policy.ts';
import type { FactorRules } from '../oidc/configuration/factor-checks.ts';
import { createIdTokenHints, type IdTokenHints } from '../oidc/id-token-hint.ts';
import { createLiveProvider, type LiveProvider } from '../oidc/live-provider.ts';
import { createProvider, type ProviderDependencies } from '../oidc/provider.ts';
import { createSealedRequests, type SealedRequests } from '../oidc/requests/sealed-requests.ts';
import { createBoxFor } from '../platform/secrets/secret-box.ts';
import { createSessionStore, type SessionStore } from '../sessions/session-store.ts';
import { createRefreshTokenCodec, type RefreshTokenCodec } from '../tokens/refresh-token-value.ts';
import type { Foundation } from './foundation.ts';
import type { Signing } from './signing.ts';

/** The stores of the protocol's state: sessions, grants, and the grants' codes and tokens. */
export interface ProtocolStores {
  artifacts: ArtifactStore;
  deviceCodes: DeviceCodeStore;
  grants: GrantStore;
  sessions: SessionStore;
  families: RefreshFamilyStore;
  accessTokens: AccessTokenStore;
  usedProofs: UsedProofStore;
}

export interface OidcParts extends ProtocolStores {
  codec: RefreshTokenCodec;
  hints: IdTokenHints;
  sealedRequests: SealedRequests;
  live: LiveProvider;
}

export function composeStores(
  { database, databaseTime }: Pick<Foundation, 'database' | 'databaseTime'>,
  { secrets, rotationCommit }: Pick<Config, 'secrets' | 'rotationCommit'>,
  overrides: Partial<Pick<ProtocolStores, 'artifacts'>>,
): ProtocolStores {
  const db = database.knex;
  return {
    artifacts: overrides.artifacts ?? createArtifactStore(db, databaseTime),
    deviceCodes: createDeviceCodeStore(db, secrets.keyEncryptionKeys, databaseTime),
    grants: createGrantStore(db),
    sessions: createSessionStore(db, databaseTime),
    families: createRefreshFamilyStore(db, databaseTime, rotationCommit),
    accessTokens: createAccessTokenStore(db, databaseTime),
    usedProofs: createUsedProofStore(db, databaseTime),
  };
}

/** Adds the library, which serves the protocol with these stores. */
export function composeOidc(
  stores: ProtocolStores,
  {
    secrets,
    pastKeys,
    ...others
  }: Pick<Config, 'secrets'> &
    Pick<Signing, 'pastKeys'> &
    Omit<ProviderDependencies, keyof OidcParts | 'cookieKeys'>,
): OidcParts {
  const { cookieKeys, refreshTokenKeys, keyEncryptionKeys } = secrets;
  const codec = createRefreshTokenCodec({ keys: refreshTokenKeys, issuer: others.issuer });
  // Anybody may have a hint or a request sealed and opened, so their keys are not those of our secrets.
  const box = createBoxFor('sealed hints', keyEncryptionKeys);
  const hints = createIdTokenHints({ ...others, pastKeys, box });
  const sealedRequests = createSealedRequests({
    box: createBoxFor('sealed requests', keyEncryptionKeys),
    clock: others.clock,
  });
  const live = createLiveProvider(() => createProvider({ ...others, ...stores, hints, cookieKeys }));
  return { ...stores, codec, hints, sealedRequests, live };
}

/** The policy for signing in to a client. The registrations are in memory. */
export function policyFinder(instances: Pick<InstanceStore, 'find'>): FactorRules['policyFor'] {
  return async (client) => {
    const instance = await instances.find(client.instanceId);
    if (!instance) throw new Error(`The instance ${client.instanceId} of a client is gone.`);
    return policyOf(instance, client);
  };
}
