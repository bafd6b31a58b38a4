import type { ClientStore } from '../clients/client-store.ts';
import type { ArtifactStore } from '../grants/artifact-store.ts';
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
    const { client_id }: { client_id?: string } = artifact?.payload.params ?? {};
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
