import type { Person } from './person.ts';

/** The claims of each scope, from the guide's "Claims by Scope". */
export const CLAIMS_BY_SCOPE = {
  profile: ['name', 'firstName', 'lastName'],
  email: ['email', 'email_verified'],
} as const;

/** These are in the ID token and at userinfo with every scope. */
export const LISTO_CLAIMS = ['workerProfileId', 'workerIds', 'userIds'] as const;

/**
 * All claims about a person. A claim without a value is absent, never null: a person without an e-mail address has
 * neither `email` nor `email_verified`, and one who is not a worker has no `workerProfileId`.
 */
export function claimsOf(person: Person): Record<string, unknown> {
  return {
    ...present({ name: person.name, firstName: person.firstName, lastName: person.lastName }),
    ...(person.email === null ? {} : { email: person.email, email_verified: person.emailVerified }),
    ...present({ workerProfileId: person.workerProfileId }),
    workerIds: person.workerIds,
    userIds: person.userIds,
  };
}

/** The claims that scopes give: of `openid` the Listo claims, of `profile` and `email` their own. */
export function claimsInScopes(person: Person, scopes: readonly string[]): Record<string, unknown> {
  const known = claimsOf(person);
  const names = scopes.flatMap((scope) => NAMES[scope] ?? []).filter((name) => name in known);
  return Object.fromEntries(names.map((name) => [name, known[name]]));
}

const NAMES: Record<string, readonly string[]> = { openid: LISTO_CLAIMS, ...CLAIMS_BY_SCOPE };

function present(claims: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(claims).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}
