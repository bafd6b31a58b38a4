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

function paramsOf(interaction: Artifact | undefined): { client_id?: string; redirect_uri?: string } {
  return interaction?.payload.params ?? {};
}

/**
 * The library checks the address only where an authorization begins.
 * @throws HttpError 400 when the application's registration no longer has the address to which the person would return.
 */
export function refuseRemovedAddress({ client, interaction }: RequestContext): void {
  const { redirect_uri } = paramsOf(interaction?.artifact);
  if (!client || redirect_uri === undefined || mayReturnTo(client, redirect_uri)) return;
  throw new HttpError({
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
