import { missingSemicolon } from './missing-semicolon.ts';
import { type SeedStatement, statementsOf, type Tree } from './seed-statements.ts';
import { FUNCTIONS, NODES, OPERATOR_NODES, STATEMENTS, TYPES } from './seed-vocabulary.ts';

/** Why a seed is refused, where (an offset into its text in characters), and what to do. */
export interface SeedMistake {
  sentence: string;
  offset?: number | undefined;
  hint?: string;
}

const NOT_A_STATEMENT = 'a seed may not contain %, only INSERT, UPDATE, DELETE, MERGE, SELECT and WITH';
const HINT = 'A seed registers, and does nothing else. Use psql for other statements.';

/** The names of the WITH queries that can be read at some place. */
type Scope = ReadonlySet<string>;

/** The parts of a database that seeds can name. */
export interface SeedCatalog {
  /** The registration tables. */
  tables: ReadonlySet<string>;
  /** Their columns. */
  columns: ReadonlySet<string>;
  /** All functions and types. */
  callable: ReadonlySet<string>;
}

const QUOTES = "A text stands in single quotes, and a quote inside it is written twice: 'O''Brien'.";

/** A seed that may run, or why it may not. */
export type ReadSeed = { statements: SeedStatement[] } | { mistake: SeedMistake };

/**
 * Reads a seed with Postgres's own grammar. It answers the first thing that a seed may not hold: a statement other
 * than INSERT, UPDATE, DELETE, MERGE, SELECT and WITH, a table that is not a registration table, or a function or type
 * that is not on its list. An unknown node is refused, too, so that a newer grammar opens nothing.
 */
export async function readSeed(sql: string, catalog: SeedCatalog): Promise<ReadSeed> {
  const { parse } = await import('libpg-query');
  try {
    const { stmts = [] } = await parse(sql);
    for (const { stmt, stmt_location: start = 0 } of stmts) readStatement(stmt, { ...catalog, start });
    return { statements: statementsOf(sql, stmts) };
  } catch (error) {
    return { mistake: await mistakeOf(sql, error, parse) };
  }
}

async function mistakeOf(
  sql: string,
  error: unknown,
  parse: (sql: string) => Promise<unknown>,
): Promise<SeedMistake> {
  if (error instanceof NotAllowed)
    return { sentence: error.explain(sql), offset: offsetIn(sql, error.location), hint: HINT };
  // Postgres's parser calls itself for each level. Its WebAssembly form and the walk below end so, too.
  if (error instanceof RangeError || (error as Error).name === 'RuntimeError')
    return { sentence: 'the statements are nested too deeply' };
  return mistakeOfGrammar(sql, error as GrammarError, parse);
}

type GrammarError = Error & { sqlDetails?: { cursorPosition: number } };

async function mistakeOfGrammar(
  sql: string,
  { message, sqlDetails }: GrammarError,
  parse: (sql: string) => Promise<unknown>,
): Promise<SeedMistake> {
  const offset = sqlDetails?.cursorPosition;
  if (offset === undefined) return { sentence: message };
  const begun = await missingSemicolon(sql, offset, async (corrected) => {
    try {
      await parse(corrected);
      return undefined;
    } catch (error) {
      return (error as GrammarError).sqlDetails?.cursorPosition ?? 0;
    }
  });
  if (begun)
    return {
      sentence: `perhaps a ; is missing before this ${begun.word.toUpperCase()}`,
      offset: begun.offset,
      hint: 'End each statement with a semicolon.',
    };
  return { sentence: message, offset, ...(isAtQuote(sql, offset) ? { hint: QUOTES } : {}) };
}

/** `location`: an offset into the UTF-8 text, in bytes, as the parser counts. */
class NotAllowed extends Error {
  readonly location: number;

  constructor(message: string, location: number) {
    super(message);
    this.location = location;
  }

  /** The sentence, in which `%` stands for the word at the place. */
  explain(sql: string): string {
    const word = /^\w*/.exec([...sql].slice(offsetIn(sql, this.location)).join(''))?.[0] ?? '';
    return this.message.replace('%', word.toUpperCase());
  }
}

interface Reading extends SeedCatalog {
  /** Where the statement begins, in bytes. It stands for a node without a place. */
  start: number;
}

function readStatement(statement: unknown, reading: Reading): void {
  const [kind = ''] = Object.keys((statement ?? {}) as Tree);
  if (!STATEMENTS.has(kind)) throw new NotAllowed(NOT_A_STATEMENT, reading.start);
  walk(statement, new Set(), reading);
}

function walk(node: unknown, scope: Scope, reading: Reading): void {
  if (Array.isArray(node)) {
    for (const item of node) walk(item, scope, reading);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  for (const [key, value] of Object.entries(node)) {
    if (/^[A-Z]/.test(key)) readNode(key, value as Tree, scope, reading);
    else readField(key, value, scope, reading);
  }
}

/** A node by its name in the grammar. */
function readNode(kind: string, node: Tree, scope: Scope, reading: Reading): void {
  const place = placeOf(node, reading);
  if (!NODES.has(kind)) throw new NotAllowed(`a seed may not contain this (${kind})`, place);
  if (kind === 'RangeVar') readTable(node, scope, reading);
  if (kind === 'A_Indirection') expectNoField(node.indirection, place);
  if (kind === 'ColumnRef') expectColumn(node, reading);
  if (kind === 'FuncCall') expectNamed('function', node.funcname, FUNCTIONS, place);
  // An operator of an expression, of `= ANY (SELECT ...)`, and of ORDER BY ... USING.
  for (const name of [node.name, node.operName, node.useOp])
    if (OPERATOR_NODES.has(kind)) expectOperator(name, place);
  if (kind === 'TypeName') readType(node, reading);
  walk(
    node.withClause ? { ...node, withClause: undefined } : node,
    scopeWithin(node, scope, reading),
    reading,
  );
}

/** A field whose value has no name of its own in the tree. */
function readField(field: string, value: unknown, scope: Scope, reading: Reading): void {
  if (value === undefined) return;
  // The table that a statement changes is never a WITH query.
  if (field === 'relation') readTable(value as Tree, new Set(), reading);
  if (field === 'typeName') readType(value as Tree, reading);
  if (field === 'intoClause')
    throw new NotAllowed('a seed may not contain SELECT INTO, which makes a table', reading.start);
  // The two sides of a UNION.
  if (field === 'larg' || field === 'rarg') readNode('SelectStmt', value as Tree, scope, reading);
  else walk(value, scope, reading);
}

/** Reads the WITH queries of a statement, and adds their names to what its other parts can read. */
function scopeWithin(node: Tree, scope: Scope, reading: Reading): Scope {
  const clause = node.withClause as { ctes?: { CommonTableExpr: Tree }[]; recursive?: boolean } | undefined;
  if (!clause) return scope;
  const queries = (clause.ctes ?? []).map(({ CommonTableExpr }) => CommonTableExpr);
  const names = queries.map(({ ctename }) => String(ctename));
  for (const [n, query] of queries.entries()) {
    const known = clause.recursive ? names : names.slice(0, n);
    readNode('CommonTableExpr', query, new Set([...scope, ...known]), reading);
  }
  return new Set([...scope, ...names]);
}

function readTable(table: Tree, scope: Scope, reading: Reading): void {
  const { catalogname, schemaname, relname } = table as Record<string, string | undefined>;
  const name = relname ?? '';
  if (!catalogname && !schemaname && (reading.tables.has(name) || scope.has(name))) return;
  if (!catalogname && schemaname === 'public' && reading.tables.has(name)) return;
  const written = [catalogname, schemaname, name].filter(Boolean).join('.');
  throw new NotAllowed(
    `a seed may not use the table ${written}, only ${[...reading.tables].toSorted().join(', ')}`,
    placeOf(table, reading),
  );
}

function readType(type: Tree, reading: Reading): void {
  expectNamed('type', type.names, TYPES, placeOf(type, reading));
}

function expectNamed(what: string, name: unknown, known: ReadonlySet<string>, place: number): void {
  const parts = partsOf(name);
  const builtIn = parts.length === 1 || (parts.length === 2 && parts[0] === 'pg_catalog');
  if (!builtIn || !known.has(parts.at(-1) ?? ''))
    throw new NotAllowed(`a seed may not use the ${what} ${parts.join('.')}`, place);
}

function expectOperator(name: unknown, place: number): void {
  const parts = partsOf(name);
  if (parts.length > 1 && parts[0] !== 'pg_catalog')
    throw new NotAllowed(`a seed may not use the operator ${parts.join('.')}`, place);
}

/** `x.name` calls a function or casts, if `x` is a value or row without a column of that name. */
function expectColumn(node: Tree, reading: Reading): void {
  const parts = partsOf(node.fields);
  const name = parts.at(-1) ?? '';
  if (parts.length < 2 || reading.columns.has(name) || FUNCTIONS.has(name) || TYPES.has(name)) return;
  if (reading.callable.has(name))
    throw new NotAllowed(
      `a seed may not read ${parts.join('.')}, because ${name} is also a function or type: give the column another name`,
      placeOf(node, reading),
    );
}

/** `(value).name` calls a function of that name if the value has no such field. */
function expectNoField(indirection: unknown, place: number): void {
  const [name] = partsOf(indirection).filter(Boolean);
  if (name !== undefined) throw new NotAllowed(`a seed may not read the field ${name} of a value`, place);
}

function partsOf(name: unknown): string[] {
  return ((name ?? []) as { String?: { sval?: string } }[]).map(({ String: part }) => part?.sval ?? '');
}

/** The parser leaves out a place of 0. */
function placeOf(node: Tree, { start }: Reading): number {
  return typeof node.location === 'number' && node.location >= 0 ? node.location : start;
}

/** The place in characters. The parser counts white space and comments to the statement behind them. */
function offsetIn(sql: string, location: number): number {
  const bytes = Buffer.from(sql);
  const blanks = /^(\s+|--[^\n]*|\/\*[\s\S]*?\*\/)*/.exec(bytes.subarray(location).toString())?.[0] ?? '';
  return [...bytes.subarray(0, location).toString(), ...blanks].length;
}

/** A quote inside a text ends the text, and the error is at the quote or behind it. */
function isAtQuote(sql: string, offset: number): boolean {
  const characters = [...sql];
  return characters[offset] === "'" || characters[offset - 1] === "'";
}
