import type { Knex } from 'knex';
import { nearestName } from '../../nearest-name.ts';

const INVALID_TEXT = '22P02';
const INVALID_TIME = new Set(['22007', '22008']);
const UNDEFINED_COLUMN = '42703';
const SYNTAX_ERROR = '42601';

/** A sentence for the author of a seed, and what to do. */
export interface OwnWords {
  sentence: string;
  hint: string;
}

/** Where Postgres read a value, by its function; other releases may have others. */
const FORMS: readonly [routine: RegExp, what: string, hint: string][] = [
  [/array/i, 'a list', "Write ARRAY['one', 'two'], or '{one,two}' for values without spaces."],
  [/^bool/, 'true or false', 'Write true or false.'],
  [/^pg_strto(u?int)/, 'a whole number', 'Write digits alone.'],
  [/^json/, 'JSON', 'Write names and texts in double quotes: \'{"keys": []}\'.'],
];

const TIME = "Write it with its zone: '2027-01-31T12:00:00Z', or now().";

/**
 * Our words for an error of a seed that Postgres would explain in its own, repeating the value. Undefined for others.
 */
export async function inOwnWords(
  knex: Knex,
  { code, message, routine = '' }: { code: string; message: string; routine?: string },
): Promise<OwnWords | undefined> {
  if (code === UNDEFINED_COLUMN) return missingColumn(knex, message);
  if (code === SYNTAX_ERROR)
    return {
      sentence: 'the INSERT names another number of columns than it has values',
      hint: 'Give each column that it names one value, in the same order.',
    };
  if (INVALID_TIME.has(code)) return { sentence: 'a date and time is expected here', hint: TIME };
  const [, what, hint] = (code === INVALID_TEXT && FORMS.find(([form]) => form.test(routine))) || [];
  return what && hint ? { sentence: `${what} is expected here`, hint } : undefined;
}

/** The message has no fields for the names, but quotes them in any language: the column, and perhaps its table. */
async function missingColumn(knex: Knex, message: string): Promise<OwnWords | undefined> {
  const [column, table] = [
    ...message
      .split(' - ')
      .slice(-1)
      .join('')
      .matchAll(/"([^"]{1,64})"/g),
  ].map(([, name]) => name);
  if (column === undefined) return undefined;
  if (table === undefined)
    return {
      sentence: `there is no column ${column} here`,
      hint: 'Write a text in single quotes. Double quotes, and no quotes, name a column.',
    };
  const { rows } = await knex.raw<{ rows: { name: string }[] }>(
    `SELECT attname AS name FROM pg_attribute
     WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [table],
  );
  const names = rows.map(({ name }) => name);
  const meant = nearestName(column, names);
  return {
    sentence: `${table} has no column ${column}`,
    hint: meant === undefined ? `Its columns are: ${names.join(', ')}.` : `Write ${meant}, if that is meant.`,
  };
}
