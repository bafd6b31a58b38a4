import type { Policy } from './sign-in-policy.ts';

/**
 * An application instance: a tenant. Each client belongs to one, and people sign in to it with the instance's own
 * authentication.
 */
export interface Instance extends Policy {
  id: string;
  name: string;
  authentication: 'password' | 'oidc';
  logoUri: string | null;
  brandColor: string;
  /** Where people get help: an https:, mailto: or tel: address. */
  supportUri: string | null;
  /** After this long since the sign-in, a person has to sign in again. */
  sessionAbsoluteTtlSeconds: number;
}

/** The customer's own OpenID provider, for an instance whose authentication is `oidc`. */
export interface UpstreamProvider {
  instanceId: string;
  issuer: string;
  clientId: string;
  /** Undefined for a public client, which uses PKCE only. */
  clientSecret: string | undefined;
  scope: string;
  claimMapping: Readonly<Record<string, string>>;
  firstSignIn: 'create' | 'refuse';
  /** Whether our ID tokens repeat its `amr`. */
  passAmr: boolean;
}
