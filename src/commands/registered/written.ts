import { escaped, escapedLines } from '../../platform/log/escaped.ts';
import { formatTable } from '../format-table.ts';
import type { Row } from './registered-store.ts';

/** A table with these columns. */
export function tableOf(rows: readonly Row[], columns: readonly string[]): string[] {
  return formatTable([[...columns], ...rows.map((row) => columns.map((column) => cellOf(row[column])))]);
}

/** A line for each column of one row. */
export function linesOf(row: Row): string[] {
  return formatTable(Object.entries(row).map(([column, value]) => [cellOf(column), cellOf(value)]));
}

export function jsonOf(value: unknown): string {
  return escapedLines(JSON.stringify(value, null, 2));
}

/** One line. */
export function jsonLineOf(value: unknown): string {
  return escapedLines(JSON.stringify(value));
}

function cellOf(value: unknown): string {
  const text = (() => {
    if (value === null || value === undefined) return '-';
    if (value instanceof Date) return value.toISOString();
    if (Array.isArray(value)) return value.join(' ') || '-';
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  })();
  return escaped(text);
}
