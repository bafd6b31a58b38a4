import type { InstanceStore } from '../instances/instance-store.ts';
import { type Client, DEFAULT_LIFETIMES } from './client.ts';
import type { ClientStore } from './client-store.ts';

/**
 * Each instance has one client that nobody registered: for the pages on which people see to their own accounts
 * (`/account`). Somebody who has to sign in there goes through the authorization endpoint like everybody else, and meets
 * the same rules. The answer is `none` (OAuth 2.0 Multiple Response Types section 4): no code, so nothing is granted, and
 * the browser's session alone says who is there.
 *
 * The database refuses registrations with such an id (`clients_reserve_ids`).
 */
const PREFIX = 'listo-account.';

export function accountClientId(instanceId: string): string {
  return `${PREFIX}${instanceId}`;
}

export function isAccountClient({ id }: Pick<Client, 'id'>): boolean {
  return id.startsWith(PREFIX);
}

/** The page of an instance's people, on which each sees to their own account. */
export function accountAddress(instanceId: string): string {
  return `/account/${instanceId}`;
}

/** Where the library sends the browser, with what the request led to. */
export function accountReturnAddress(instanceId: string): string {
  return `${accountAddress(instanceId)}/return`;
}

/** Adds the client of each instance to those that are registered. */
export function withAccountClients(
  registered: ClientStore,
  { instances, issuer }: { instances: Pick<InstanceStore, 'find'>; issuer: string },
): ClientStore {
  return {
    ...registered,
    async find(id) {
      if (!isAccountClient({ id })) return registered.find(id);
      const instance = await instances.find(id.slice(PREFIX.length));
      return instance && accountClient(instance.id, issuer);
    },
  };
}

/**
 * It has no secret and is not public, so nothing authenticates as it. It must push its requests and cannot, so that only
 * this server begins one (`oidc/requests/sealed-requests.ts`): nobody else chooses what a person is asked there.
 */
function accountClient(instanceId: string, issuer: string): Client {
  return {
    ...DEFAULT_LIFETIMES,
    id: accountClientId(instanceId),
    instanceId,
    name: 'your account',
    type: 'confidential',
    applicationType: 'web',
    redirectUris: [`${issuer}${accountReturnAddress(instanceId)}`],
    postLogoutRedirectUris: [],
    scopes: ['openid'],
    grantTypes: [],
    requirePkce: false,
    requirePushedAuthorizationRequests: true,
    requireSignedRequestObject: false,
    responseModes: ['query'],
    requireConsent: false,
    answerSilently: false,
    secondFactor: null,
    passkeys: null,
    clientUri: `${issuer}${accountAddress(instanceId)}`,
    initiateLoginUri: null,
    targetLinkUris: [],
    backchannelLogoutUri: null,
    logoUri: null,
    tosUri: null,
    policyUri: null,
    jwks: null,
    jwksUri: null,
    certificateAuthentication: null,
    requireDpop: false,
    certificateBoundAccessTokens: false,
    securityProfile: 'standard',
    idTokenSignedResponseAlg: 'RS256',
    accessTokenSigningAlg: 'RS256',
    introspectionSignedResponseAlg: 'RS256',
    authorizationSignedResponseAlg: 'RS256',
    mayIntrospect: false,
    rotateRefreshTokens: false,
    refreshReplayWindowSeconds: 0,
  };
}
