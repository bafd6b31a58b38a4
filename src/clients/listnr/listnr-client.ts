/** A client of the LiSTNR Token Provider, as onboarded (listnr-getting-started). */
export interface ListnrClient {
  id: string;
  /** Fixed at onboarding: the client presents a user's ID token, or its own credentials. */
  pattern: 'authenticated_user' | 'client_credentials';
  audience: string;
  scopes: readonly string[];
  claims: readonly ListnrClaim[];
  environments: readonly string[];
  /** For client credentials: the `sub` when a request names no subject. */
  defaultSubject: string | null;
  /** For authenticated users: the web origins that may call from a browser. */
  origins: readonly string[];
  disabled: boolean;
  acceptedIssuers: readonly AcceptedIssuer[];
}

export type ListnrClaim = 'email' | 'display_name' | 'first_name';

export interface AcceptedIssuer {
  /** `self`: Sign in with Listo. Otherwise the `iss` of the ID tokens. */
  issuer: string;
  jwksUri: string | null;
  audiences: readonly string[];
  algorithms: readonly string[];
  subjectPrefix: string | null;
}
