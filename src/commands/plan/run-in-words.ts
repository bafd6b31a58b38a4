import { escaped } from '../../platform/log/escaped.ts';
import { unmatchedInWords } from '../../platform/seeds/remarks/remark-in-words.ts';
import { countOf, netChanges } from '../../platform/seeds/run/net-changes.ts';
import {
  changesOf,
  type FieldChange,
  type RowChange,
  type SeedFileRun,
  type SeedRun,
  type StatementRun,
} from '../../platform/seeds/run/seed-run.ts';
import { fieldInWords, valueInWords } from '../registered/field-in-words.ts';
import { forgottenInWords } from './forgotten-in-words.ts';
import { alsoGone, inWords, isDeletion } from './gone.ts';

const SIGNS: Record<RowChange['operation'], string> = { insert: '+', update: '~', delete: '-' };

/** The lines for a terminal, one statement after the other, and the sum. */
export function runInWords(run: SeedRun): string[] {
  return [...run.files.flatMap(fileInWords), sumInWords(run)].map(escaped);
}

function fileInWords({ name, statements }: SeedFileRun): string[] {
  const told = statements.flatMap((statement) => statementInWords(name, statement));
  return [...told, ...forgottenInWords(name, statements)];
}

/** Nothing for a statement that found its rows and changed none. */
function statementInWords(file: string, statement: StatementRun): string[] {
  const { line, kind, table, changes, remarks } = statement;
  const said = remarks.flatMap((remark) => unmatchedInWords(remark, statement));
  if (changes.length === 0 && said.length === 0) return [];
  return [
    `${file}:${line}: ${kind}${table === undefined ? '' : ` ${table}`}, ${rows(statement.matched)}`,
    ...said.map((sentence) => `  ! ${sentence}`),
    ...changes.filter(isTold).flatMap((change) => changeInWords(change, statement)),
    ...withItInWords(statement),
  ];
}

/** Rows that go with others are counted. */
function isTold({ direct, operation }: RowChange): boolean {
  return direct || operation !== 'delete';
}

function changeInWords(change: RowChange, statement: StatementRun): string[] {
  const { table, operation, key, oldKey, fields } = change;
  const line = `  ${SIGNS[operation]} ${table} ${oldKey === key ? key : `${oldKey} → ${key}`}`;
  if (operation === 'delete') return [line];
  const { columns } = statement;
  const isNamed = ({ column }: FieldChange) =>
    operation === 'update' || table !== statement.table || !columns || columns.includes(column);
  const told = (field: FieldChange) =>
    operation === 'insert' ? `${field.column}: ${valueInWords(field.new)}` : fieldInWords(field);
  return [line, ...fields.filter(isNamed).map((field) => `      ${told(field)}`)];
}

function withItInWords(statement: StatementRun): string[] {
  const words = inWords(alsoGone(statement));
  if (words === '') return [];
  return [isDeletion(statement) ? `  ! With that go ${words}.` : `  ! That ends ${words}.`];
}

function rows(count: number): string {
  return count === 1 ? '1 row' : `${count === 0 ? 'no' : count} rows`;
}

function sumInWords(run: SeedRun): string {
  const changes = netChanges(changesOf(run));
  if (changes.length === 0) return 'Nothing to change.';
  return `Rows to insert: ${countOf(changes, 'insert')}, to update: ${countOf(changes, 'update')}, to delete: ${countOf(changes, 'delete')}.`;
}
