import { mayReturnTo } from '../clients/allowed-now.ts';
import type { ClientStore } from '../clients/client-store.ts';
import type { Artifact, ArtifactStore } from '../grants/artifact-store.ts';
import { HttpError } from '../platform/errors.ts';
import type { RequestContext } from './request-context.ts';

/** Finds the instance of a browser's request, before anything reads a session. */
export type InstanceResolver = (request: {
  path: string;
  clientId: string | undefined;
}) => Promise<RequestContext>;

/** The id of an interaction in the paths of its pages and of the resumed authorization. */
const INTERACTION_PATH = /^\/(?:interaction|auth\/authorize|auth\/device)\/([A-Za-z0-9_-]{10,128})(?:\/|$)/;

export function createInstanceResolver({
  clients,
  artifacts,
}: {
  clients: ClientStore;
  artifacts: ArtifactStore;
}): InstanceResolver {
  return async ({ path, clientId }) => {
    const uid = INTERACTION_PATH.exec(path)?.[1];
    const artifact = uid ? await artifacts.find('Interaction', uid) : undefined;
    const { client_id } = paramsOf(artifact);
    const id = uid ? client_id : clientId;
    const client = id ? await clients.find(id) : undefined;
    return {
      client,
      instanceId: client?.instanceId,
      loaded: new Set(),
      facts: {},
      ...(uid && artifact ? { interaction: { id: uid, artifact } } : {}),
    };
  };
}

type Params = Partial<Record<'client_id' | 'redirect_uri' | 'response_mode' | 'code_challenge', string>>;

function paramsOf(interaction: Artifact | undefined): Params {
  return interaction?.payload.params ?? {};
}

/**
 * The library checks the address, the way of the answer and PKCE only where an authorization begins.
 * @throws HttpError 400 when the application's registration no longer has the address to which the person would return,
 *   or asks for more by now.
 */
export function refuseChangedRegistration({ client, interaction }: RequestContext): void {
  const { redirect_uri, response_mode = 'query', code_challenge } = paramsOf(interaction?.artifact);
  if (!client || redirect_uri === undefined) return;
  if (!mayReturnTo(client, redirect_uri)) throw notToThisAddress();
  const isAnswerable = client.responseModes === null || client.responseModes.includes(response_mode);
  if (isAnswerable && (code_challenge !== undefined || !client.requirePkce)) return;
  throw new HttpError({
    status: 400,
    code: 'invalid_request',
    message:
      'The registration of the application has changed, so your sign-in stops here. Go back to the application and sign in again.',
    page: {
      title: 'You cannot go on from here',
      text: 'The registration of the application has changed since you began to sign in.',
      hint: 'Sign in again there.',
    },
  });
}

function notToThisAddress(): HttpError {
  return new HttpError({
    status: 400,
    code: 'invalid_request',
    message:
      'The application does not use the address any more to which you would return, so your sign-in stops here. Go back to the application and sign in again.',
    page: {
      title: 'You cannot go on from here',
      text: 'The application does not use the address any more to which you would return.',
      hint: 'Sign in again there.',
    },
  });
}
