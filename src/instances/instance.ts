/** An application instance: a tenant. A client belongs to one, and its people sign in through its own authentication. */
export interface Instance {
  id: string;
  name: string;
  authentication: 'password' | 'oidc';
  logoUri: string | null;
  brandColor: string;
}

/** The customer's own OpenID provider, for an instance whose authentication is `oidc`. */
export interface UpstreamProvider {
  instanceId: string;
  issuer: string;
  clientId: string;
  /** Undefined: a public client, with PKCE alone. */
  clientSecret: string | undefined;
  scope: string;
  claimMapping: Readonly<Record<string, string>>;
  firstSignIn: 'create' | 'refuse';
}
