/** A statement with a name for each of its values, in the two forms that drivers take. */
export interface NamedValues<Values> {
  /** With `$1`, `$2`, …: a value that is named twice has one number. */
  readonly text: string;
  /** @throws Error when a value is missing, or has no place in the statement. */
  numbered(values: Values): unknown[];
  /** For knex's `raw`, which has no form in which a cast may follow a name. */
  raw(values: Values): [sql: string, bindings: unknown[]];
}

/** Text, quoted names, comments and casts come first, so that a colon in one of them begins no name. */
const NAMES = /'[^']*'|"[^"]*"|--[^\n]*|::|:([A-Za-z]\w*)/g;

/** `name` says in errors which statement it is. */
export function nameValues<Values extends object>(name: string, sql: string): NamedValues<Values> {
  const replaceNames = (text: string, replacement: (value: string) => string) =>
    text.replaceAll(NAMES, (found, value?: string) => (value === undefined ? found : replacement(value)));
  const places: string[] = [];
  replaceNames(sql, (value) => {
    places.push(value);
    return '';
  });
  const names = [...new Set(places)];
  const text = replaceNames(sql, (value) => `$${names.indexOf(value) + 1}`);
  // An operator of Postgres may be a question mark, which knex would take for a place.
  const questionMarks = replaceNames(sql.replaceAll('?', '\\?'), () => '?');

  const checked = (values: Values): Record<string, unknown> => {
    const given = values as Record<string, unknown>;
    const missing = names.find((value) => given[value] === undefined);
    if (missing) throw new Error(`The statement ${name} needs a value for "${missing}".`);
    const unused = Object.keys(given).find((value) => !names.includes(value));
    if (unused) throw new Error(`The statement ${name} has no place for the value "${unused}".`);
    return given;
  };
  return {
    text,
    numbered(values) {
      const given = checked(values);
      return names.map((value) => given[value]);
    },
    raw(values) {
      const given = checked(values);
      return [questionMarks, places.map((value) => given[value])];
    },
  };
}
