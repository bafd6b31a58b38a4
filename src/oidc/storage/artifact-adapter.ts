import { isDeepStrictEqual } from 'node:util';
import { type Adapter, type AdapterPayload, errors, Provider } from 'oidc-provider';
import type { Artifact, ArtifactModel, ArtifactStore } from '../../grants/artifact-store.ts';
import { type Clock, secondsFromNow } from '../../platform/time/clock.ts';
import { isLoaded, noteLoaded, noteSignIn, requestContext, type SignIn } from '../request-context.ts';
import { newGrantFor } from './grants.ts';
import { fromStored, toStored } from './stored-payload.ts';
import { unlessGone } from './unless-gone.ts';

const OVER = 'interaction session not found';

/**
 * Stores interactions, authorization codes and pushed requests for the library. A code is stored with its grant. A
 * person may need longer to sign in than the minute of a pushed request. So the row is kept that long, and is still used
 * only once by all browsers that began with it.
 */
export function artifactAdapter(
  model: ArtifactModel,
  { artifacts, issuer, clock }: { artifacts: ArtifactStore; issuer: string; clock: Clock },
): Pick<Adapter, 'upsert' | 'find' | 'consume' | 'destroy'> {
  return {
    async upsert(id, given, ttlSeconds = 0) {
      const artifact = {
        model,
        id,
        payload: toStored(id, given),
        ...(model === 'AuthorizationCode' ? { grantId: given.grantId } : {}),
        ...(model === 'Interaction'
          ? { personId: whoAnswered(given), addressMac: requestContext().addressMac?.() }
          : {}),
        expiresAt: secondsFromNow(clock, ttlSeconds),
      };
      if (isLoaded(model, id)) {
        if (!(await unlessGone(() => artifacts.update(artifact)))) throw new errors.SessionNotFound(OVER);
        return;
      }
      const grant =
        model === 'AuthorizationCode' ? newGrantFor(Provider.ctx?.oidc, ttlSeconds, clock) : undefined;
      if (!grant) {
        await artifacts.create(artifact);
        if (given.parJti)
          await artifacts.keep('PushedAuthorizationRequest', String(given.parJti), artifact.expiresAt);
        return;
      }
      const sessionIsNew = !isLoaded('Session', grant.sessionUid);
      const { passwordFingerprint, provenFactors } = requestContext();
      const begun = { ...grant, sessionIsNew, passwordFingerprint, provenFactors };
      if (!(await artifacts.createWithGrant(artifact, begun)))
        throw new errors.LoginRequired('The person was signed out meanwhile, or took their consent back');
      requestContext().codeFor = grant.clientId;
    },

    async find(id) {
      const artifact = takeInteraction(model, id) ?? (await artifacts.find(model, id));
      if (model === 'Interaction' && (!artifact || artifact.consumed)) {
        requestContext().interactionIsOver = true;
        return undefined;
      }
      if (!artifact) return undefined;
      noteLoaded(model, id);
      const stored = fromStored(model, id, artifact, issuer);
      const login = stored.result?.login;
      if (login) {
        noteSignIn(login as SignIn);
        // An answer of a later page, such as consent, repeats the sign-in of the one before.
        requestContext().isSignIn = !isDeepStrictEqual(login, stored.lastSubmission?.login);
      }
      return stored;
    },

    async consume(id) {
      if (await artifacts.consume(model, id)) return;
      // A row that is gone was never used: it expired, and housekeeping came between.
      if (!(await artifacts.find(model, id))) return;
      throw new errors.InvalidRequestUri('request_uri was already used');
    },

    async destroy(id) {
      // The library reads an interaction's result, then destroys it. If two requests read it, only one goes on.
      if ((await artifacts.destroy(model, id)) || model !== 'Interaction') return;
      requestContext().interactionIsOver = true;
      throw new errors.SessionNotFound(OVER);
    },
  };
}

/** The person who signs in by this interaction, or who was signed in and goes on, or allows the client something. */
function whoAnswered({ result, session }: AdapterPayload): string | undefined {
  const decided = result?.consent || result?.select_account;
  return result?.login?.accountId ?? (decided ? session?.accountId : undefined);
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
