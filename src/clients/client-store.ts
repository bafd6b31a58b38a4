import type { Queryable } from '../platform/database.ts';
import {
  type Client,
  DEFAULT_LIFETIMES,
  DEFAULT_REPLAY_WINDOW_SECONDS,
  type SigningAlgorithm,
} from './client.ts';
import { underProfile } from './security-profile.ts';

export interface ClientStore {
  /** An enabled client, with everything that its security profile implies, or undefined. */
  find(id: string): Promise<Client | undefined>;
  /** The algorithms in which all clients together want anything signed. */
  signingAlgorithms(): Promise<SigningAlgorithm[]>;
}

export function createClientStore(db: Queryable): ClientStore {
  return {
    async find(id) {
      const row = await db('clients').where({ id, disabled_at: null }).first();
      return (
        row &&
        underProfile({
          id: row.id,
          instanceId: row.instance_id,
          name: row.name,
          type: row.type,
          applicationType: row.application_type,
          redirectUris: row.redirect_uris,
          postLogoutRedirectUris: row.post_logout_redirect_uris,
          scopes: row.scopes,
          grantTypes: row.grant_types,
          requirePkce: row.require_pkce,
          requirePushedAuthorizationRequests: row.require_pushed_authorization_requests,
          requireSignedRequestObject: row.require_signed_request_object,
          responseModes: row.response_modes,
          requireConsent: row.require_consent,
          answerSilently: row.answer_silently,
          secondFactor: row.second_factor,
          passkeys: row.passkeys,
          clientUri: row.client_uri,
          initiateLoginUri: row.initiate_login_uri,
          targetLinkUris: row.target_link_uris,
          backchannelLogoutUri: row.backchannel_logout_uri,
          logoUri: row.logo_uri,
          tosUri: row.tos_uri,
          policyUri: row.policy_uri,
          jwks: row.jwks,
          jwksUri: row.jwks_uri,
          certificateAuthentication: certificateAuthenticationOf(row),
          requireDpop: row.require_dpop,
          certificateBoundAccessTokens: row.tls_client_certificate_bound_access_tokens,
          securityProfile: row.security_profile,
          idTokenSignedResponseAlg: row.id_token_signed_response_alg,
          accessTokenSigningAlg: 'RS256',
          introspectionSignedResponseAlg: row.introspection_signed_response_alg ?? 'RS256',
          authorizationSignedResponseAlg:
            row.authorization_signed_response_alg ?? row.id_token_signed_response_alg,
          mayIntrospect: row.may_introspect,
          authorizationCodeTtlSeconds:
            row.authorization_code_ttl_seconds ?? DEFAULT_LIFETIMES.authorizationCodeTtlSeconds,
          accessTokenTtlSeconds: row.access_token_ttl_seconds ?? DEFAULT_LIFETIMES.accessTokenTtlSeconds,
          idTokenTtlSeconds: row.id_token_ttl_seconds ?? DEFAULT_LIFETIMES.idTokenTtlSeconds,
          refreshTokenTtlSeconds: row.refresh_token_ttl_seconds ?? DEFAULT_LIFETIMES.refreshTokenTtlSeconds,
          refreshTokenAbsoluteTtlSeconds:
            row.refresh_token_absolute_ttl_seconds ?? DEFAULT_LIFETIMES.refreshTokenAbsoluteTtlSeconds,
          rotateRefreshTokens: true,
          refreshReplayWindowSeconds:
            row.refresh_replay_window_seconds ?? DEFAULT_REPLAY_WINDOW_SECONDS[row.type as Client['type']],
        })
      );
    },

    async signingAlgorithms() {
      const rows: Record<string, SigningAlgorithm | null>[] = await db('clients').distinct(
        'id_token_signed_response_alg',
        'introspection_signed_response_alg',
        'authorization_signed_response_alg',
      );
      return [...new Set(rows.flatMap((row) => Object.values(row)))].filter((alg) => alg !== null);
    },
  };
}

/** The columns with the name of a certificate, of which a client has one. */
const CERTIFICATE_NAMES = {
  dn: 'tls_client_auth_subject_dn',
  dns: 'tls_client_auth_san_dns',
  uri: 'tls_client_auth_san_uri',
  ip: 'tls_client_auth_san_ip',
  email: 'tls_client_auth_san_email',
} as const;

function certificateAuthenticationOf(
  row: Record<string, string | null>,
): Client['certificateAuthentication'] {
  const { token_endpoint_auth_method: method } = row;
  if (method !== 'tls_client_auth' && method !== 'self_signed_tls_client_auth') return null;
  if (method === 'self_signed_tls_client_auth') return { method };
  const names = Object.entries(CERTIFICATE_NAMES) as [keyof typeof CERTIFICATE_NAMES, string][];
  const [name = 'dn', column = ''] = names.find(([, column]) => typeof row[column] === 'string') ?? [];
  return { method, name, value: row[column] ?? '' };
}
