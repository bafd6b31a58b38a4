import type { Requirement } from '../instances/sign-in-policy.ts';
import type { AlternativeName } from './certificates/alternative-names.ts';

/** A relying party of Sign in with Listo: an application that people sign in to (RFC 6749 section 2). */
export interface Client {
  id: string;
  instanceId: string;
  name: string;
  type: 'confidential' | 'public';
  applicationType: 'web' | 'native';
  redirectUris: readonly string[];
  postLogoutRedirectUris: readonly string[];
  scopes: readonly string[];
  grantTypes: readonly string[];
  requirePkce: boolean;
  /** Whether only a pushed authorization request is taken (RFC 9126). */
  requirePushedAuthorizationRequests: boolean;
  /** Whether only a request object that one of its keys signed is taken (RFC 9101). */
  requireSignedRequestObject: boolean;
  /** How answers may reach it, the first being for a request that names none. Null: every way, `query` first. */
  responseModes: readonly string[] | null;
  requireConsent: boolean;
  /** Whether an installed application is answered without a page at an address that others could take (RFC 8252). */
  answerSilently: boolean;
  /** Whether signing in to it needs a second factor, and whether a passkey. Null: as the instance says. */
  secondFactor: Requirement | null;
  passkeys: Requirement | null;
  /** The application's own page, for a person whose sign-in ended here. */
  clientUri: string | null;
  /** The address at which it begins a sign-in (OIDC Core section 4). */
  initiateLoginUri: string | null;
  /** The addresses in it that such a sign-in may lead to. */
  targetLinkUris: readonly string[];
  /** Where its server hears that a person was signed out (OpenID Connect Back-Channel Logout 1.0). */
  backchannelLogoutUri: string | null;
  /** Shown where a person decides whether to go on to the application. */
  logoUri: string | null;
  tosUri: string | null;
  policyUri: string | null;
  /** Public keys for `private_key_jwt` (RFC 7523). A client has them instead of a secret. */
  jwks: { keys: readonly object[] } | null;
  /** The address at which it publishes them instead. */
  jwksUri: string | null;
  /** How it authenticates, where that is by its certificate (RFC 8705 section 2). */
  certificateAuthentication: CertificateAuthentication | null;
  requireDpop: boolean;
  /** Whether its access tokens are bound to the certificate with which it connects (RFC 8705 section 3). */
  certificateBoundAccessTokens: boolean;
  /** The requirements that it fulfils as a whole, each by itself being worth little. */
  securityProfile: SecurityProfile;
  idTokenSignedResponseAlg: SigningAlgorithm;
  /** How its access tokens are signed. */
  accessTokenSigningAlg: SigningAlgorithm;
  /** How its introspection answers are signed, where it asks for a JWT. */
  introspectionSignedResponseAlg: SigningAlgorithm;
  /** How answers to its authorization requests are signed that are JWTs (JARM). */
  authorizationSignedResponseAlg: SigningAlgorithm;
  /** True for an API that may introspect the access tokens of its instance's clients. */
  mayIntrospect: boolean;
  authorizationCodeTtlSeconds: number;
  accessTokenTtlSeconds: number;
  idTokenTtlSeconds: number;
  refreshTokenTtlSeconds: number;
  /** After this long since the sign-in, no refresh works. */
  refreshTokenAbsoluteTtlSeconds: number;
  /** Whether each refresh gives a new refresh token. */
  rotateRefreshTokens: boolean;
  /** How long after a refresh the previous token gets the same successor again. */
  refreshReplayWindowSeconds: number;
}

/** The one name in a certificate by which an issuer's clients are told apart, or the certificates themselves. */
export type CertificateAuthentication =
  | { method: 'tls_client_auth'; name: 'dn' | AlternativeName; value: string }
  | { method: 'self_signed_tls_client_auth' };

/** `fapi2` is the FAPI 2.0 Security Profile, `fapi2_message_signing` FAPI 2.0 Message Signing as well. */
export type SecurityProfile = 'standard' | 'fapi2' | 'fapi2_message_signing';

/** The algorithms in which a client may ask for signatures. */
export type SigningAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';

/** The guide's "Token Lifetimes", for clients without their own. */
export const DEFAULT_LIFETIMES = {
  authorizationCodeTtlSeconds: 10 * 60,
  accessTokenTtlSeconds: 60 * 60,
  idTokenTtlSeconds: 60 * 60,
  refreshTokenTtlSeconds: 30 * 24 * 60 * 60,
  refreshTokenAbsoluteTtlSeconds: 365 * 24 * 60 * 60,
} as const;

/**
 * Longer than a database failover and the client's pause: a client asks again after 30 seconds or more when a
 * failover lost the answer to its refresh. A thief of a token also needs the client's secret. A public client has
 * none, so its window is shorter.
 */
export const DEFAULT_REPLAY_WINDOW_SECONDS = { confidential: 120, public: 60 } as const;
