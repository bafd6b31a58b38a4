import { OAuthError } from './oauth-error.ts';

/** Parameters of a query or a form by name. A name that occurs several times has an array. */
export type SentParameters = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Picks the parameters of `names`. An empty one counts as missing (RFC 6749 section 3.2).
 * @throws OAuthError `invalid_request` that lists those that occur several times.
 */
export function singleParameters<Name extends string>(
  sent: SentParameters,
  names: readonly Name[],
): Record<Name, string | undefined> {
  const repeated = names.filter((name) => Array.isArray(sent[name]));
  if (repeated.length > 0) throw notTwice(repeated);
  return Object.fromEntries(names.map((name) => [name, sent[name] || undefined])) as Record<
    Name,
    string | undefined
  >;
}

const LIST = new Intl.ListFormat('en', { type: 'conjunction' });

function notTwice(names: readonly string[]): OAuthError {
  const word = names.length > 1 ? 'parameters' : 'parameter';
  const list = LIST.format(names.map((name) => `'${name}'`));
  return new OAuthError('invalid_request', `${list} ${word} must not be provided twice`);
}
