import type { ListnrClaim } from '../../clients/listnr/listnr-client.ts';

/** Where an ID token has each claim of a LiSTNR token. */
const SOURCES: Record<ListnrClaim, (idToken: Record<string, unknown>) => unknown[]> = {
  email: ({ email, email_verified }) => (email_verified === true ? [email] : []),
  display_name: ({ name }) => [name],
  first_name: ({ given_name, firstName }) => [given_name, firstName],
};

/** The claims about the person: those on the client's allowlist that the ID token has. */
export function profileClaims(
  idToken: Record<string, unknown>,
  allowed: readonly ListnrClaim[],
): Partial<Record<ListnrClaim, string>> {
  const profile: Partial<Record<ListnrClaim, string>> = {};
  for (const claim of allowed) {
    const value = SOURCES[claim](idToken).find(isFilled);
    if (value !== undefined) profile[claim] = value;
  }
  return profile;
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
