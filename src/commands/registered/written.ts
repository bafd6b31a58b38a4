import { formatTable } from '../format-table.ts';
import type { Row } from './registered-store.ts';

/** A table with these columns. */
export function tableOf(rows: readonly Row[], columns: readonly string[]): string[] {
  return formatTable([[...columns], ...rows.map((row) => columns.map((column) => cellOf(row[column])))]);
}

/** A line for each column of one row. */
export function linesOf(row: Row): string[] {
  return formatTable(Object.entries(row).map(([column, value]) => [column, cellOf(value)]));
}

export function jsonOf(value: unknown): string {
  return escapedJson(JSON.stringify(value, null, 2));
}

/** One line. */
export function jsonLineOf(value: unknown): string {
  return escapedJson(JSON.stringify(value));
}

function escapedJson(json: string): string {
  return escaped(
    json,
    /[\u007F-\u009F\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]/g,
  );
}

function cellOf(value: unknown): string {
  const text = (() => {
    if (value === null || value === undefined) return '-';
    if (value instanceof Date) return value.toISOString();
    if (Array.isArray(value)) return value.join(' ') || '-';
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  })();
  return escaped(
    text,
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal would obey
    /[\u0000-\u001F\u007F-\u009F\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]/g,
  );
}

/** A name from before control characters were refused must not steer the operator's terminal. */
function escaped(text: string, hidden: RegExp): string {
  return text.replaceAll(hidden, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
