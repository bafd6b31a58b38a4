import type { Audiences } from '../clients/authentication/assertion.ts';

/** The paths of our endpoints. The public contract fixes each of them. */
export const ENDPOINT_PATHS = {
  token: '/auth/token',
  userinfo: '/auth/userinfo',
  revocation: '/auth/revoke',
  introspection: '/auth/introspect',
} as const;

/** The addresses by which a client's assertion may name this server everywhere. */
export function audiencesOf(issuer: string): Audiences {
  return { issuer, endpoints: [`${issuer}${ENDPOINT_PATHS.token}`] };
}
