import type { Knex } from 'knex';
import { sortOf } from '../../postgres/sqlstates.ts';
import type { SeedMistake } from '../grammar/seed-grammar.ts';
import type { SeedStatement } from '../grammar/seed-statements.ts';
import { numberOfStatement } from './failed-statement.ts';
import { inOwnWords } from './own-words.ts';

/** A failed statement's error from Postgres, as `pg` passes it on. */
interface StatementError extends Error {
  code: string;
  severity: string;
  detail?: string;
  hint?: string;
  constraint?: string;
  table?: string;
  column?: string;
  internalPosition?: string;
  internalQuery?: string;
  routine?: string;
}

const NOT_NULL_VIOLATION = '23502';
const FOREIGN_KEY_VIOLATION = '23503';
const UNIQUE_VIOLATION = '23505';
const CHECK_VIOLATION = '23514';

/** True for an error of a statement; false for one of the connection. */
export function isStatementError(error: unknown): error is StatementError {
  return sortOf(error) === 'ours';
}

/** True when a check of the registration tables refused a row with its own sentence (refuse_registration). */
export function isRefusal(error: unknown): error is StatementError {
  return isStatementError(error) && error.code === CHECK_VIOLATION && !error.table;
}

/** The sentence of that check and, on the next line, its hint. */
export function explainRefusal(error: StatementError, { hint = true } = {}): string {
  return hint && error.hint ? `${said(error)}\n  ${error.hint}` : said(error);
}

/**
 * Says which file failed, where in it, why, and what to do. The text repeats neither the statement nor a whole row,
 * because both may hold secrets.
 */
export async function explainSeedError(
  knex: Knex,
  error: StatementError,
  { name, sql, statements }: { name: string; sql: string; statements: readonly SeedStatement[] },
): Promise<string> {
  const own = await inOwnWords(knex, error);
  const lines = [`${name}${placeAt(offsetOf(error, statements), sql)}: ${own?.sentence ?? sentence(error)}`];
  const hint = own?.hint ?? error.hint ?? (await commentOn(knex, error)) ?? usualHint(error);
  if (hint) lines.push(`  ${hint}`);
  if (error.constraint)
    lines.push(`  Constraint: ${error.constraint}${error.table ? ` of ${error.table}` : ''}`);
  lines.push('  Nothing of the file was applied.');
  return lines.join('\n');
}

function sentence(error: StatementError): string {
  const { code, table, column, detail } = error;
  switch (code) {
    case NOT_NULL_VIOLATION:
      return `${table}: ${rowOf(detail)} has no ${column}`;
    case CHECK_VIOLATION:
      return table ? `${table}: ${rowOf(detail)} is refused` : said(error);
    case FOREIGN_KEY_VIOLATION:
    case UNIQUE_VIOLATION:
      return table && detail ? `${table}: ${detail}` : said(error);
    default:
      return said(error);
  }
}

/** knex puts its own statement, which has no dash, before the message of Postgres. */
function said({ message }: Error): string {
  return message.split(' - ').slice(1).join(' - ') || message;
}

/**
 * Names a row by its first column, which is part of the key in every registration table. It hides the other columns.
 */
function rowOf(detail = ''): string {
  const first = /^[^(]*\(([^,()]{1,100})[,)]/.exec(detail)?.[1];
  return first === undefined ? 'a row' : `the row "${first}"`;
}

/** The schema's comment on the constraint, index or column that refused a row. */
async function commentOn(
  knex: Knex,
  { constraint, table, column }: StatementError,
): Promise<string | undefined> {
  if (!table) return undefined;
  const { rows } = await knex.raw<{ rows: { of_constraint: string | null; of_column: string | null }[] }>(
    `SELECT coalesce(
       (SELECT obj_description(oid, 'pg_constraint') FROM pg_constraint WHERE conrelid = relation AND conname = :constraint),
       (SELECT obj_description(indexrelid, 'pg_class') FROM pg_index JOIN pg_class ON oid = indexrelid
        WHERE indrelid = relation AND relname = :constraint)) AS of_constraint,
     (SELECT col_description(relation, attnum) FROM pg_attribute WHERE attrelid = relation AND attname = :column) AS of_column
     FROM to_regclass(:table) AS relation`,
    { table, constraint: constraint ?? '', column: column ?? '' },
  );
  const { of_constraint: ofConstraint, of_column: ofColumn } = rows[0] ?? {};
  return ofConstraint ?? (ofColumn ? `Give it one. ${column}: ${ofColumn}` : undefined);
}

function usualHint({ code, table }: StatementError): string | undefined {
  if (code === UNIQUE_VIOLATION)
    return 'Write it once, and end the INSERT with ON CONFLICT ... DO UPDATE, so that the file can be applied again.';
  if (code === FOREIGN_KEY_VIOLATION && table)
    return 'Insert the row it refers to first, or correct the value.';
  return undefined;
}

/** Says which part of a file a seed may not hold, and what to do. */
export function explainSeedMistake(
  { sentence, offset, hint }: SeedMistake,
  { name, sql }: { name: string; sql: string },
): string {
  return [
    `${name}${placeAt(offset, sql)}: ${sentence}`,
    ...(hint ? [`  ${hint}`] : []),
    '  Nothing of the file was applied.',
  ].join('\n');
}

/** Postgres reports a position, if any, in the statement or in one of a trigger. It counts characters from 1. */
function offsetOf(error: StatementError, statements: readonly SeedStatement[]): number | undefined {
  const statement = statements[numberOfStatement(error) - 1];
  if (!error.internalPosition || statement?.text !== error.internalQuery) return undefined;
  return statement?.offset === undefined ? undefined : statement.offset + Number(error.internalPosition) - 1;
}

/** The line and column of the character at `offset`. */
function placeAt(offset: number | undefined, sql: string): string {
  if (offset === undefined) return '';
  const before = [...sql].slice(0, offset);
  const line = before.filter((character) => character === '\n').length + 1;
  return `:${line}:${before.length - before.lastIndexOf('\n')}`;
}
