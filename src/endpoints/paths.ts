/** The paths of our endpoints. The public contract fixes each of them. */
export const ENDPOINT_PATHS = {
  token: '/auth/token',
  userinfo: '/auth/userinfo',
  revocation: '/auth/revoke',
  introspection: '/auth/introspect',
} as const;

/** The addresses by which a client's assertion may name this server everywhere (RFC 7523 section 3). */
export function audiencesOf(issuer: string): string[] {
  return [issuer, `${issuer}${ENDPOINT_PATHS.token}`];
}
