const MOST = 10;
/** Registered names are short; some providers write URIs. */
const NAME = /^[!-~]{1,100}$/;

/**
 * How a person signed in at their provider (RFC 8176), as its ID token says: one name, or a list. Each of our ID
 * tokens repeats them, so there are ten names at most, and other values are left out. Undefined where nothing is left.
 */
export function methodsFrom(amr: unknown): string[] | undefined {
  const said: unknown[] = Array.isArray(amr) ? amr : [amr];
  const names = said.filter((name): name is string => typeof name === 'string' && NAME.test(name));
  const methods = [...new Set(names)].slice(0, MOST);
  return methods.length > 0 ? methods : undefined;
}
