import type { Client } from '../../clients/client.ts';
import { createClientStore } from '../../clients/client-store.ts';
import type { ListnrClient } from '../../clients/listnr/listnr-client.ts';
import type { Database, Queryable } from '../../platform/database.ts';
import { OperatorError } from '../../platform/errors.ts';
import type { CommandContext } from '../command.ts';
import { createRegisteredStore, type Row } from '../registered/registered-store.ts';
import { unknownId } from '../registered/unknown-id.ts';
import type { FlowOptions } from './options.ts';

/** A client of Sign in with Listo, as far as its flow depends on it. */
export interface FlowClient {
  service: 'listo';
  id: string;
  isPublic: boolean;
  hasKeys: boolean;
  byCertificate: boolean;
  isNative: boolean;
  redirectUris: readonly string[];
  scopes: readonly string[];
  grantTypes: readonly string[];
  responseModes: readonly string[] | null;
  pushes: boolean;
  signsRequests: boolean;
  provesKey: boolean;
  needsCertificate: boolean;
  idTokenAlg: string | undefined;
}

/** A client of LiSTNR. */
export interface FlowListnrClient {
  service: 'listnr';
  id: string;
  pattern: ListnrClient['pattern'];
  scopes: readonly string[];
}

export const DEVICE_CODE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** Opens the database of the configuration, or says why it cannot be read here. */
export async function openIfPossible(context: CommandContext): Promise<Database | { because: string }> {
  try {
    const database = await context.openDatabase();
    try {
      await database.knex('clients').first('id');
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  } catch (error) {
    return { because: (error as Error).message.split('\n')[0] ?? '' };
  }
}

/** @throws OperatorError when nobody registered it, or both services have it. */
export async function registeredClient(
  db: Queryable,
  { client: id, kind }: FlowOptions,
): Promise<FlowClient | FlowListnrClient> {
  const registered = createRegisteredStore(db);
  const [client, listnr] = await Promise.all([
    kind === 'listnr' ? undefined : registered.find('clients', id),
    kind === 'listo' ? undefined : registered.find('listnr_clients', id),
  ]);
  if (client && listnr)
    throw new OperatorError(
      'Two clients have this id, one of Sign in with Listo and one of LiSTNR. Say which: --kind listo or --kind listnr.',
    );
  if (listnr) return listnrClient(listnr);
  if (!client)
    throw await unknownId(registered, id, {
      sentence: 'There is no client with this id.',
      tables: ['clients', 'listnr_clients'],
      lists: 'npx listo client list shows those there are, and npx listo listnr list those of LiSTNR.',
    });
  const found = await createClientStore(db).find(id);
  if (!found)
    throw new OperatorError(
      'The client is disabled, so the server refuses it everywhere. Setting clients.disabled_at to NULL lets it ask again.',
    );
  return ofRegistration(found);
}

function listnrClient({ id, pattern, scopes }: Row): FlowListnrClient {
  return {
    service: 'listnr',
    id: String(id),
    pattern: pattern as FlowListnrClient['pattern'],
    scopes: scopes as string[],
  };
}

function ofRegistration(client: Client): FlowClient {
  return {
    service: 'listo',
    id: client.id,
    isPublic: client.type === 'public',
    hasKeys: client.jwks !== null || client.jwksUri !== null,
    byCertificate: client.certificateAuthentication !== null,
    isNative: client.applicationType === 'native',
    redirectUris: client.redirectUris,
    scopes: client.scopes,
    grantTypes: client.grantTypes,
    responseModes: client.responseModes,
    pushes: client.requirePushedAuthorizationRequests,
    signsRequests: client.requireSignedRequestObject,
    provesKey: client.requireDpop,
    needsCertificate: client.certificateBoundAccessTokens,
    idTokenAlg: client.idTokenSignedResponseAlg,
  };
}

/** The client as the options say, where no registration can be read. */
export function describedClient({
  client: id,
  kind,
  auth,
  keyFile,
  redirectUri,
  device,
  par,
  dpop,
}: FlowOptions): FlowClient | FlowListnrClient {
  if (kind === 'listnr') return { service: 'listnr', id, pattern: 'client_credentials', scopes: [] };
  return {
    ...{ service: 'listo', id, isPublic: auth === 'none' },
    hasKeys: auth === 'key' || keyFile !== undefined,
    ...{
      byCertificate: false,
      isNative: false,
      needsCertificate: false,
      isFapi: false,
      signsRequests: false,
    },
    redirectUris: redirectUri === undefined ? [] : [redirectUri],
    scopes: ['openid'],
    grantTypes: device ? [DEVICE_CODE_GRANT] : ['authorization_code', 'refresh_token'],
    ...{ responseModes: null, pushes: par, provesKey: dpop, idTokenAlg: undefined },
  };
}
