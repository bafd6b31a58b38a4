import type { ClientAuthMethod, Configuration } from 'oidc-provider';
import { PATHS } from '../routes.ts';

/** The part of the configuration that discovery announces about certificates of clients (RFC 8705). */
export interface CertificateSupport {
  header: object | undefined;
  issuers: readonly unknown[];
  origin: string | undefined;
}

/** The ways of authenticating by a certificate: none without a header, and none by a name without an issuer. */
export function certificateMethods({ header, issuers }: CertificateSupport): ClientAuthMethod[] {
  if (!header) return [];
  return [...(issuers.length > 0 ? (['tls_client_auth'] as const) : []), 'self_signed_tls_client_auth'];
}

/** The library only announces it. Clients are authenticated before the library (oidc/requests/client-requests.ts). */
export function mutualTls({ header }: CertificateSupport): NonNullable<Configuration['features']>['mTLS'] {
  if (!header) return { enabled: false };
  return {
    enabled: true,
    tlsClientAuth: true,
    selfSignedTlsClientAuth: true,
    certificateBoundAccessTokens: true,
    getCertificate: neverAsked,
    certificateAuthorized: neverAsked,
    certificateSubjectMatches: neverAsked,
  };
}

function neverAsked(): never {
  throw new Error('The library authenticates no client by a certificate.');
}

/** The endpoints at the origin where clients connect with certificates (RFC 8705 section 5). */
export function endpointAliases({ header, origin }: CertificateSupport): Record<string, unknown> {
  if (!header || origin === undefined) return {};
  const aliases = {
    token_endpoint: PATHS.token,
    revocation_endpoint: PATHS.revocation,
    introspection_endpoint: PATHS.introspection,
    userinfo_endpoint: PATHS.userinfo,
    pushed_authorization_request_endpoint: PATHS.pushed_authorization_request,
    device_authorization_endpoint: PATHS.device_authorization,
  };
  const entries = Object.entries(aliases).map(([name, path]) => [name, `${origin}${path}`]);
  return { mtls_endpoint_aliases: Object.fromEntries(entries) };
}
