import { scopesGiving } from '../../accounts/claims.ts';
import type { Person } from '../../accounts/person.ts';
import type { Client } from '../../clients/client.ts';
import type { Authorization } from '../../grants/authorization.ts';
import { grantSeconds } from '../../grants/new-grant.ts';
import type { RequestedClaims } from '../../oidc/checks/requested-claims.ts';
import type { PreviewedSignIn } from './sign-in.ts';

const DEVICE_CODE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const DEVICE_CODE_SECONDS = 600;

/** A request that is right, of a person who may sign in and allows everything. */
export interface PreviewedRequest {
  client: Client;
  person: Person;
  /** Those that the client may have. */
  scopes: readonly string[];
  claims: RequestedClaims | undefined;
  nonce: string | undefined;
  /** Whether it proves a key, though the client need not. */
  dpop: boolean;
  signIn: Pick<PreviewedSignIn, 'amr' | 'authTime'>;
}

/** Whether people sign in to this client on a device alone. */
export function isDevice({ grantTypes }: Pick<Client, 'grantTypes'>): boolean {
  return !grantTypes.includes('authorization_code') && grantTypes.includes(DEVICE_CODE_GRANT);
}

/** The authorization that such a request leads to. Its ids are made up, and as long as real ones. */
export function authorizationOf(
  { client, person, scopes, claims, nonce, signIn: { amr, authTime } }: PreviewedRequest,
  now: Date,
): Authorization {
  const scope = scopes.join(' ');
  const named = (part: object = {}) => Object.keys(part).filter((name) => scopesGiving(name).length > 0);
  const all = [...new Set([...named(claims?.id_token), ...named(claims?.userinfo)])];
  const atUserinfo = named(claims?.userinfo);
  const device = isDevice(client);
  const seconds = grantSeconds(client, device ? DEVICE_CODE_SECONDS : client.authorizationCodeTtlSeconds);
  return {
    person,
    grant: {
      id: madeUp('grant', 22),
      payload: {
        clientId: client.id,
        openid: { scope, ...(all.length > 0 ? { claims: all } : {}) },
        ...(atUserinfo.length > 0 ? { userinfo: atUserinfo } : {}),
      },
      expiresAt: new Date((Math.floor(now.getTime() / 1000) + seconds) * 1000),
    },
    payload: {
      kind: device ? 'DeviceCode' : 'AuthorizationCode',
      scope,
      sessionUid: madeUp('session', 43),
      ...(claims ? { claims } : {}),
      ...(nonce === undefined ? {} : { nonce }),
      ...(amr ? { amr } : {}),
      ...(authTime === undefined ? {} : { authTime }),
    },
  };
}

/** Text in place of a random id. */
export function madeUp(what: string, length: number): string {
  return `made-up-${what}`.padEnd(length, '-');
}
