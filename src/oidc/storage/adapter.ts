import type { Adapter, AdapterPayload } from 'oidc-provider';
import type { ClientStore } from '../../clients/client-store.ts';
import type { ArtifactStore } from '../../grants/artifact-store.ts';
import type { DeviceCodeStore } from '../../grants/device-code-store.ts';
import type { KeyRing } from '../../keys/key-ring.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { SessionStore } from '../../sessions/session-store.ts';
import { artifactAdapter } from './artifact-adapter.ts';
import { findClient, toClientMetadata } from './client-metadata.ts';
import { deviceCodeAdapter } from './device-code-adapter.ts';
import { type SessionSeconds, sessionAdapter } from './session-adapter.ts';

export interface AdapterDependencies {
  issuer: string;
  artifacts: ArtifactStore;
  deviceCodes: DeviceCodeStore;
  sessions: SessionStore;
  sessionSeconds: SessionSeconds;
  clients: ClientStore;
  keyRing: KeyRing;
  clock: Clock;
}

/**
 * The methods that a model does not need. Grants, access tokens and refresh tokens need none: a grant is saved with its
 * code (artifact-adapter.ts, device-code-adapter.ts), and `tokens/` makes, finds and ends all tokens.
 */
const NOTHING_STORED: Adapter = {
  upsert: async () => {},
  find: async () => undefined,
  findByUserCode: async () => undefined,
  findByUid: async () => undefined,
  consume: async () => {},
  destroy: async () => {},
  revokeByGrantId: async () => {},
};

/**
 * The library's storage, by model name. Its contract leaves one-time use to us: `consume` refuses the second caller.
 * Ids are not stored in payloads, where a dump would show them.
 */
export function createAdapter(dependencies: AdapterDependencies): (model: string) => Adapter {
  return (model) => {
    switch (model) {
      case 'Client':
        return clientAdapter(dependencies);
      case 'Grant':
      case 'AccessToken':
      case 'RefreshToken':
        return NOTHING_STORED;
      case 'Session':
        return { ...NOTHING_STORED, ...sessionAdapter(dependencies) };
      case 'DeviceCode':
        return { ...NOTHING_STORED, ...deviceCodeAdapter(dependencies) };
      case 'Interaction':
      case 'AuthorizationCode':
      case 'PushedAuthorizationRequest':
        return { ...NOTHING_STORED, ...artifactAdapter(model, dependencies) };
      default:
        return unused(model);
    }
  };
}

function clientAdapter({ clients, keyRing }: AdapterDependencies): Adapter {
  return {
    ...NOTHING_STORED,
    async find(id) {
      const client = await findClient(clients, id);
      return client && (toClientMetadata(client, keyRing) as AdapterPayload);
    },
  };
}

/** The storage of a feature that is off. A call would be an error in our configuration. */
function unused(model: string): Adapter {
  const refuse = async () => {
    throw new Error(`${model} is not stored: the feature that uses it is off.`);
  };
  return { ...NOTHING_STORED, upsert: refuse, find: refuse, consume: refuse, destroy: refuse };
}
