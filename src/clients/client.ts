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
  requireConsent: boolean;
  /** Public keys for `private_key_jwt` (RFC 7523), instead of a secret. */
  jwks: { keys: readonly object[] } | null;
  requireDpop: boolean;
  idTokenSignedResponseAlg: IdTokenAlgorithm;
  /** An API, which may introspect the access tokens of every client of its instance. */
  mayIntrospect: boolean;
  authorizationCodeTtlSeconds: number;
  accessTokenTtlSeconds: number;
  idTokenTtlSeconds: number;
  refreshTokenTtlSeconds: number;
  /** From signing in: after this, no refresh helps. */
  refreshTokenAbsoluteTtlSeconds: number;
  /** After a refresh: how long the token before it gets the same successor again. */
  refreshReplayWindowSeconds: number;
}

export type IdTokenAlgorithm = 'RS256' | 'ES256' | 'EdDSA';

/** The guide's "Token Lifetimes", for clients that set none of their own. */
export const DEFAULT_LIFETIMES = {
  authorizationCodeTtlSeconds: 10 * 60,
  accessTokenTtlSeconds: 60 * 60,
  idTokenTtlSeconds: 60 * 60,
  refreshTokenTtlSeconds: 30 * 24 * 60 * 60,
  refreshTokenAbsoluteTtlSeconds: 365 * 24 * 60 * 60,
} as const;

/**
 * Longer than a failover of the database and its client's pause: a refresh whose answer was lost in it is asked for
 * again after 30 seconds or more. Who stole a token needs the client's secret, too; a public client has none, so its
 * window is shorter.
 */
export const DEFAULT_REPLAY_WINDOW_SECONDS = { confidential: 120, public: 60 } as const;
