import { registered } from '../../refusals/registered.ts';
import { shown } from '../../refusals/shown.ts';
import { invalidScope } from './errors.ts';

/** A scope as in RFC 6749 section 3.3, short enough to repeat in an answer. */
const SCOPE = /^[!#-[\]-~]{1,100}$/;

/**
 * The scopes of a token: the requested ones, each once, in the order of the request. A request without scopes gets
 * none; its token only names the subject. Extra spaces between words do no harm.
 *
 * @throws HttpError 400 `invalid_scope` when a scope is not among the client's.
 */
export function grantedScopes(requested: string, allowed: readonly string[]): string[] {
  const scopes = [...new Set(requested.split(' ').filter(Boolean))];
  const refused = scopes.find((scope) => !allowed.includes(scope));
  if (refused === undefined) return scopes;
  if (!SCOPE.test(refused))
    throw invalidScope('scope must be a list of scopes separated by spaces.', {
      reason: 'listnr.scope_malformed',
      came: { scope: shown(requested) },
    });
  throw invalidScope(`This client may not ask for the scope ${refused}.`, {
    reason: 'listnr.scope_not_allowed',
    came: { scope: shown(refused) },
    expected: { scope: registered(allowed) },
  });
}
