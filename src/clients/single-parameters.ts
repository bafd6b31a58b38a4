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

/** @throws OAuthError `invalid_request` that lists the missing parameters of `names`. */
export function requireParameters<Name extends string>(
  parameters: Readonly<Partial<Record<string, string>>>,
  ...names: Name[]
): Record<Name, string> {
  const missing = names.filter((name) => parameters[name] === undefined);
  if (missing.length > 0)
    throw new OAuthError('invalid_request', `missing required ${wordFor(missing)} ${listed(missing)}`, {
      why: { reason: 'parameter.missing', expected: { parameter: missing } },
    });
  return parameters as Record<Name, string>;
}

function notTwice(names: readonly string[]): OAuthError {
  return new OAuthError('invalid_request', `${listed(names)} ${wordFor(names)} must not be provided twice`, {
    why: { reason: 'parameter.repeated', came: { parameter: names } },
  });
}

function wordFor(names: readonly string[]): string {
  return names.length > 1 ? 'parameters' : 'parameter';
}

const LIST = new Intl.ListFormat('en', { type: 'conjunction' });

function listed(names: readonly string[]): string {
  return LIST.format(names.map((name) => `'${name}'`));
}
