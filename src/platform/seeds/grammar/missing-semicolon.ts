const STATEMENT = /\b(INSERT|UPDATE|DELETE|MERGE|SELECT|WITH)\b/gi;

/** The first word of a statement, and its offset in characters. */
interface Begin {
  word: string;
  offset: number;
}

/** The offset of the first syntax error of a text, in characters; undefined for a text that is right. */
type FirstError = (sql: string) => Promise<number | undefined>;

/**
 * Finds the statement at or before the syntax error at `offset` in front of which a semicolon takes the error away.
 * Postgres may name a later word, since a table may have the alias `insert`.
 */
export async function missingSemicolon(
  sql: string,
  offset: number,
  firstError: FirstError,
): Promise<Begin | undefined> {
  const characters = [...sql];
  const begun = beginsBefore(characters, offset);
  if (!begun) return undefined;
  const corrected = [...characters.slice(0, begun.offset), ';', ...characters.slice(begun.offset)].join('');
  // A wrong guess moves the error by its own semicolon, or is itself the error.
  const next = await firstError(corrected);
  if (next !== undefined && next <= offset + 1) return undefined;
  return begun;
}

/** The last word with which a statement can begin, no later than at `offset`. */
function beginsBefore(characters: string[], offset: number): Begin | undefined {
  const word = /^\w*/.exec(characters.slice(offset).join(''))?.[0] ?? '';
  const read = characters.slice(0, offset).join('') + word;
  const last = [...read.matchAll(STATEMENT)].at(-1);
  return last && { word: last[0], offset: [...read.slice(0, last.index)].length };
}
