import { type Adapter, type AdapterPayload, errors, Provider } from 'oidc-provider';
import type { ClientStore } from '../../clients/client-store.ts';
import type { Artifact, ArtifactModel, ArtifactStore } from '../../grants/artifact-store.ts';
import type { DeviceCodeStore } from '../../grants/device-code-store.ts';
import type { GrantStore } from '../../grants/grant-store.ts';
import type { KeyRing } from '../../keys/key-ring.ts';
import { type Clock, secondsFromNow } from '../../platform/time/clock.ts';
import type { Payload } from '../../platform/time/payload-times.ts';
import type { SessionStore } from '../../sessions/session-store.ts';
import { requestContext, useGrant } from '../request-context.ts';
import { keepSessionCookie } from '../session.ts';
import { findClient, toClientMetadata } from './client-metadata.ts';
import { deviceCodeAdapter } from './device-code-adapter.ts';
import { newGrantFor } from './grants.ts';
import { fromStored, toStored } from './stored-payload.ts';

export interface AdapterDependencies {
  issuer: string;
  artifacts: ArtifactStore;
  deviceCodes: DeviceCodeStore;
  grants: GrantStore;
  sessions: SessionStore;
  clients: ClientStore;
  keyRing: KeyRing;
  clock: Clock;
}

const FOREIGN_KEY_VIOLATION = '23503';

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
        return grantAdapter(dependencies);
      case 'AccessToken':
      case 'RefreshToken':
        return READ_ONLY;
      case 'Session':
        return sessionAdapter(dependencies);
      case 'DeviceCode':
        return { ...READ_ONLY, ...deviceCodeAdapter(dependencies) };
      case 'Interaction':
      case 'AuthorizationCode':
      case 'PushedAuthorizationRequest':
        return artifactAdapter(model, dependencies);
      default:
        return unused(model);
    }
  };
}

/** Tokens are found without storage (corrections/access-token.ts, refresh-token.ts), and end with their grant. */
const READ_ONLY: Adapter = {
  upsert: async () => {},
  find: async () => undefined,
  findByUserCode: async () => undefined,
  findByUid: async () => undefined,
  consume: async () => {},
  destroy: async () => {},
  revokeByGrantId: async () => {},
};

function clientAdapter({ clients, keyRing }: AdapterDependencies): Adapter {
  return {
    ...READ_ONLY,
    async find(id) {
      const client = await findClient(clients, id);
      return client && (toClientMetadata(client, keyRing) as AdapterPayload);
    },
  };
}

function grantAdapter({ grants }: AdapterDependencies): Adapter {
  return {
    ...READ_ONLY,
    async find(id) {
      const loaded = requestContext().grant;
      return (loaded?.id === id ? loaded.payload : await grants.find(id)) as AdapterPayload | undefined;
    },
    destroy: (id) => grants.revoke(id),
  };
}

/** The session's `uid` ends it (corrections/session.ts), so `destroy` does nothing here. */
function sessionAdapter({ sessions, clock }: AdapterDependencies): Adapter {
  const remember = (payload: Payload | undefined, id?: string) => {
    if (!payload) return undefined;
    requestContext().loaded.add(`Session ${payload.uid}`);
    return { ...payload, ...(id ? { jti: id } : {}) } as AdapterPayload;
  };
  return {
    ...READ_ONLY,

    async upsert(id, { jti: _jti, ...payload }, ttlSeconds = 0) {
      const uid = String(payload.uid);
      const { passwordFingerprint } = requestContext();
      const personId = payload.accountId;
      const expiresAt = secondsFromNow(clock, ttlSeconds);
      const session = { uid, personId, payload, passwordFingerprint, expiresAt };
      const saved = await unlessGone(() =>
        isLoaded('Session', uid) ? sessions.update(id, session) : sessions.start(id, session),
      );
      if (!saved) keepSessionCookie();
      remember(payload);
    },

    async find(id) {
      const found = await sessions.find(id);
      if (found?.person) requestContext().person = found.person;
      return remember(found?.payload, id);
    },
    findByUid: async (uid) => remember(await sessions.findByUid(uid)),
  };
}

function artifactAdapter(model: ArtifactModel, { artifacts, issuer, clock }: AdapterDependencies): Adapter {
  return {
    ...READ_ONLY,

    async upsert(id, given, ttlSeconds = 0) {
      const artifact = {
        model,
        id,
        payload: toStored(id, given),
        ...(model === 'AuthorizationCode' ? { grantId: given.grantId } : {}),
        ...(model === 'Interaction' ? { personId: given.result?.login?.accountId } : {}),
        expiresAt: secondsFromNow(clock, ttlSeconds),
      };
      if (isLoaded(model, id)) {
        if (!(await unlessGone(() => artifacts.update(artifact)))) throw new errors.SessionNotFound(OVER);
        return;
      }
      const grant =
        model === 'AuthorizationCode' ? newGrantFor(Provider.ctx?.oidc, ttlSeconds, clock) : undefined;
      if (!grant) return artifacts.create(artifact);
      const sessionIsNew = !isLoaded('Session', grant.sessionUid);
      const { passwordFingerprint } = requestContext();
      if (!(await artifacts.createWithGrant(artifact, { ...grant, sessionIsNew, passwordFingerprint })))
        throw new errors.LoginRequired('The person was signed out meanwhile, or took their consent back');
    },

    async find(id) {
      const artifact = takeInteraction(model, id) ?? (await artifacts.find(model, id));
      if (!artifact) return undefined;
      requestContext().loaded.add(`${model} ${id}`);
      if (artifact.grant) useGrant(artifact.grant);
      const stored = fromStored(model, id, artifact, issuer);
      const login = stored.result?.login;
      if (login) requestContext().passwordFingerprint = String(login.passwordFingerprint ?? '');
      return stored;
    },

    async consume(id) {
      if (await artifacts.consume(model, id)) return;
      throw new errors.InvalidRequestUri('request_uri was already used');
    },

    async destroy(id) {
      // The library reads an interaction's result, then destroys it. If two requests read it, only one goes on.
      if (!(await artifacts.destroy(model, id)) && model === 'Interaction')
        throw new errors.SessionNotFound(OVER);
    },
  };
}

/**
 * Returns the interaction that determined the instance, but only once: a later call in the same request needs its
 * current state.
 */
function takeInteraction(model: ArtifactModel, id: string): Artifact | undefined {
  const context = requestContext();
  const { interaction } = context;
  if (model !== 'Interaction' || interaction?.id !== id) return undefined;
  delete context.interaction;
  return interaction.artifact;
}

const OVER = 'interaction session not found';

function isLoaded(model: string, id: string): boolean {
  return requestContext().loaded.has(`${model} ${id}`);
}

/**
 * During a request, a grant may be revoked, or a person deleted. Then a saved row would refer to nothing. The request
 * is answered as if that had happened a moment later: its tokens are dead either way.
 */
async function unlessGone<T>(save: () => Promise<T>): Promise<T | undefined> {
  try {
    return await save();
  } catch (error) {
    if ((error as { code?: string }).code !== FOREIGN_KEY_VIOLATION) throw error;
    return undefined;
  }
}

/** The storage of a feature that is off. A call would be an error in our configuration. */
function unused(model: string): Adapter {
  const refuse = async () => {
    throw new Error(`${model} is not stored: the feature that uses it is off.`);
  };
  return { ...READ_ONLY, upsert: refuse, find: refuse, consume: refuse, destroy: refuse };
}
