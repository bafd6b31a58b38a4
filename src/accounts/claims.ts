import type { Person } from './person.ts';

/**
 * The claims of each scope: those of the guide's "Claims by Scope", and the same under the names of OpenID Connect Core
 * section 5.1, which libraries know.
 */
export const CLAIMS_BY_SCOPE = {
  profile: ['name', 'firstName', 'lastName', 'given_name', 'family_name', 'updated_at'],
  email: ['email', 'email_verified'],
} as const;

/** Core gives it with `profile`. Here it is the e-mail address, so only a client that may have both gets it. */
export const PREFERRED_USERNAME = 'preferred_username';

/** These are in the ID token and at userinfo with every scope. */
export const LISTO_CLAIMS = ['workerProfileId', 'workerIds', 'userIds'] as const;

/**
 * All claims about a person. A claim without a value is absent, never null: a person without an e-mail address has
 * neither `email` nor `email_verified`, and one who is not a worker has no `workerProfileId`.
 */
export function claimsOf(person: Person): Record<string, unknown> {
  return {
    ...present({ name: person.name, firstName: person.firstName, lastName: person.lastName }),
    ...present({ given_name: person.firstName, family_name: person.lastName }),
    updated_at: person.updatedAt,
    ...(person.email === null ? {} : { email: person.email, email_verified: person.emailVerified }),
    ...present({ [PREFERRED_USERNAME]: person.email }),
    ...present({ workerProfileId: person.workerProfileId }),
    workerIds: person.workerIds,
    userIds: person.userIds,
  };
}

/** The claims that scopes give: of `openid` the Listo claims, of `profile` and `email` their own, and of both another. */
export function claimsInScopes(person: Person, scopes: readonly string[]): Record<string, unknown> {
  const known = claimsOf(person);
  const both = scopes.includes('profile') && scopes.includes('email');
  const names = [
    ...scopes.flatMap((scope) => NAMES[scope] ?? []),
    ...(both ? [PREFERRED_USERNAME] : []),
  ].filter((name) => name in known);
  return Object.fromEntries(names.map((name) => [name, known[name]]));
}

/** The claims about a person among `names`. */
export function claimsNamed(person: Person, names: readonly string[]): Record<string, unknown> {
  const known = claimsOf(person);
  const found = names.filter((name) => Object.hasOwn(known, name));
  return Object.fromEntries(found.map((name) => [name, known[name]]));
}

/** The scopes that together give a claim about a person; none for a name that is no such claim. */
export function scopesGiving(claim: string): readonly string[] {
  if (claim === PREFERRED_USERNAME) return ['profile', 'email'];
  return Object.keys(NAMES).filter((scope) => NAMES[scope]?.includes(claim));
}

const NAMES: Record<string, readonly string[]> = { openid: LISTO_CLAIMS, ...CLAIMS_BY_SCOPE };

function present(claims: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(claims).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}
