import type { StatementKind } from '../grammar/seed-statements.ts';

/** The work of files of registrations, done or rehearsed. */
export interface SeedRun {
  files: readonly SeedFileRun[];
  /** When it began and ended, by the clock of the database, in milliseconds. */
  from: number;
  until: number;
}

export interface SeedFileRun {
  name: string;
  /** The SHA-256 of its text, in hex. */
  sha256: string;
  statements: readonly StatementRun[];
}

export interface StatementRun {
  line: number;
  column: number;
  kind: StatementKind;
  table: string | undefined;
  /** The columns that an INSERT names. */
  columns: readonly string[] | undefined;
  /** The rows that it inserted, updated, deleted or selected, changed or not. */
  matched: number;
  /** The rows that it really changed, in order, with those that changed because others did. */
  changes: readonly RowChange[];
  /** How many rows went, by table: also of tables that are no registrations, such as sessions. Without INSERTs. */
  gone: Readonly<Record<string, number>>;
  remarks: readonly Remark[];
}

export interface Change {
  table: string;
  operation: 'insert' | 'update' | 'delete';
  key: string;
}

/** A row that really changed. */
export interface RowChange extends Change {
  /** Its key before; another one where the key itself changed. */
  oldKey: string;
  /** False where it changed because another row did. */
  direct: boolean;
  /** In the order of the names. A column that is not in a new or deleted row is NULL. */
  fields: readonly FieldChange[];
}

/** A secret column has only the first letters of its digest. */
export interface FieldChange {
  column: string;
  old: unknown;
  new: unknown;
}

/** Something about a statement that its author should know. */
export type Remark =
  /** An UPDATE or DELETE found no row, or not for all values that it names. */
  | { about: 'nothing matched'; missing: readonly MissingValue[] }
  /** The INSERT gives columns a value that its DO UPDATE leaves as it was. */
  | { about: 'columns forgotten'; columns: readonly string[] };

/** A value with which a statement compares a column, and which no row has. */
export interface MissingValue {
  column: string;
  value: string;
  /** The value of a row that is nearly the same. */
  nearest: string | undefined;
}

export interface FileChange extends RowChange {
  file: string;
}

/** All changes of a run, in order. */
export function changesOf({ files }: SeedRun): FileChange[] {
  return files.flatMap(({ name, statements }) =>
    statements.flatMap(({ changes }) => changes.map((change) => ({ ...change, file: name }))),
  );
}
