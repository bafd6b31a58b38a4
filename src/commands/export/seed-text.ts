/** A list, or the text of any other value. */
export type ExportedValue = string | (string | null)[] | null;
export type ExportedRow = Record<string, ExportedValue>;

export interface Column {
  name: string;
  type: string;
  isKey: boolean;
  /** Its value where an INSERT does not name it; absent for a column that is always named. */
  usual?: ExportedValue;
}

export interface TableShape {
  table: string;
  columns: readonly Column[];
}

const WIDTH = 116;

/**
 * The columns that a second application leaves alone: people change their passwords, and an export of last week must not
 * bring the old ones back.
 */
const ONLY_AT_FIRST: Readonly<Record<string, readonly string[]>> = {
  people: ['password_hash', 'password_rehashed'],
};

/** More rows than this are another statement: a message about one names its place in the file. */
const MOST_ROWS = 500;

/**
 * Rows as statements. An INSERT names the columns that have another value than usual, and its DO UPDATE names all: in
 * `excluded`, a column that the INSERT does not name has its default. Rows that name the same columns share a statement.
 */
export function statementsOf(shape: TableShape, rows: readonly ExportedRow[]): string[] {
  const groups = Map.groupBy(rows, (row) =>
    namedIn(shape, row)
      .map(({ name }) => name)
      .join(),
  );
  return [...groups.values()].flatMap((group) =>
    inPartsOf(MOST_ROWS, group).map((part) => statementOf(shape, part)),
  );
}

function inPartsOf<T>(size: number, all: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size));
}

function statementOf(shape: TableShape, rows: readonly ExportedRow[]): string {
  const named = rows[0] ? namedIn(shape, rows[0]) : [];
  const tuples = rows.map((row) => named.map(({ name, type }) => literalOf(type, row[name] ?? null)));
  const [first = [], ...others] = tuples;
  const values =
    others.length === 0
      ? filled('VALUES (', first, ')')
      : ['VALUES', tuples.map((tuple) => indented(filled('(', tuple, ')'))).join(',\n')];
  return [
    ...filled(
      `INSERT INTO ${shape.table} (`,
      named.map(({ name }) => name),
      ')',
    ),
    ...values,
    `${onConflict(shape).join('\n')};`,
  ].join('\n');
}

/** No value has a line break of its own: they are escaped. */
function indented(lines: readonly string[]): string {
  return lines.join('\n').replaceAll(/^/gm, '  ');
}

function namedIn({ columns }: TableShape, row: ExportedRow): readonly Column[] {
  return columns.filter(({ name, ...column }) => !isUsual(column, row[name] ?? null));
}

function isUsual({ isKey, usual }: Omit<Column, 'name'>, value: ExportedValue): boolean {
  return !isKey && usual !== undefined && JSON.stringify(usual) === JSON.stringify(value);
}

function onConflict({ table, columns }: TableShape): string[] {
  const keys = columns.filter(({ isKey }) => isKey).map(({ name }) => name);
  const written = columns.filter(({ name, isKey }) => !isKey && !ONLY_AT_FIRST[table]?.includes(name));
  if (written.length === 0) return ['ON CONFLICT DO NOTHING'];
  return filled(
    `ON CONFLICT (${keys.join(', ')}) DO UPDATE SET`,
    written.map(({ name }) => `${name} = excluded.${name}`),
  );
}

/** The items on the line of the opening, if they fit; else on lines of their own below it. */
function filled(opening: string, items: readonly string[], closing = ''): string[] {
  const whole = `${opening}${opening.endsWith('(') ? '' : ' '}${items.join(', ')}${closing}`;
  if (whole.length <= WIDTH && !whole.includes('\n')) return [whole];
  const lines: string[] = [];
  for (const [n, item] of items.entries()) {
    const text = n === items.length - 1 ? item : `${item},`;
    const last = lines.at(-1);
    if (last === undefined || last.length + text.length + 1 > WIDTH || `${last}${text}`.includes('\n'))
      lines.push(`  ${text}`);
    else lines[lines.length - 1] = `${last} ${text}`;
  }
  return [opening, ...lines, ...(closing ? [closing] : [])];
}

const BARE = new Set(['boolean', 'integer', 'bigint', 'smallint']);

/** A value as SQL. */
function literalOf(type: string, value: ExportedValue): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return BARE.has(type) ? value : quoted(value);
  if (value.length === 0) return "'{}'";
  const items = value.map((item) => (item === null ? 'NULL' : quoted(item)));
  const line = `ARRAY[${items.join(', ')}]`;
  return line.length <= WIDTH - 4 ? line : `ARRAY[\n    ${items.join(',\n    ')}\n  ]`;
}

/** Characters that a terminal would obey, and those that nobody sees. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** With an escape for each character that is not to be seen, so that a file shows what it holds. */
function quoted(text: string): string {
  const doubled = text.replaceAll("'", "''");
  if (text.search(HIDDEN) < 0) return `'${doubled}'`;
  return `E'${doubled.replaceAll('\\', '\\\\').replaceAll(HIDDEN, escaped)}'`;
}

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return (
    SHORT[character] ?? (code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`)
  );
}
