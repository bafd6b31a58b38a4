import { invalidScope } from './errors.ts';

/** A scope as RFC 6749 section 3.3 spells it, short enough to repeat in an answer. */
const SCOPE = /^[!#-[\]-~]{1,100}$/;

/**
 * The scopes of a token: those asked for, each once, in the order of the request. None asked for, none granted:
 * the token then only says who it is about. Words are separated by spaces, more of which do no harm.
 *
 * @throws HttpError 400 `invalid_scope` when one is outside the client's allowance.
 */
export function grantedScopes(requested: string, allowed: readonly string[]): string[] {
  const scopes = [...new Set(requested.split(' ').filter(Boolean))];
  const refused = scopes.find((scope) => !allowed.includes(scope));
  if (refused === undefined) return scopes;
  throw invalidScope(
    SCOPE.test(refused)
      ? `This client may not ask for the scope ${refused}.`
      : 'scope must be a list of scopes separated by spaces.',
  );
}
