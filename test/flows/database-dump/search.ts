import type { Knex } from 'knex';
import type { Credentials } from './recorder.ts';

export interface Cell {
  /** `table.column` */
  place: string;
  /** Its text, and the decoded forms of that text or those bytes. */
  text: string;
}

interface Column {
  table_schema: string;
  table_name: string;
  column_name: string;
  data_type: string;
}

/** Every value of every column of every table except Postgres' own. */
export async function readCells(knex: Knex): Promise<Cell[]> {
  const { rows: columns } = await knex.raw<{ rows: Column[] }>(`
    SELECT c.table_schema, c.table_name, c.column_name, c.data_type
    FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE t.table_type = 'BASE TABLE' AND c.table_schema NOT IN ('pg_catalog', 'information_schema')`);
  const cells: Cell[] = [];
  for (const { table_schema, table_name, column_name, data_type } of columns) {
    const text = data_type === 'bytea' ? "encode(??, 'hex')" : '??::text';
    const { rows } = await knex.raw<{ rows: { text: string | null }[] }>(
      `SELECT ${text} AS text FROM ??.??`,
      [column_name, table_schema, table_name],
    );
    const place = `${table_name}.${column_name}`;
    for (const row of rows) if (row.text !== null) cells.push({ place, text: withDecoded(row.text) });
  }
  return cells;
}

/** The credentials found and their places: none, if nothing usable is stored. */
export function search(cells: readonly Cell[], credentials: Credentials): string[] {
  const found = new Set<string>();
  for (const [value, kind] of credentials) {
    const shapes = shapesOf(value);
    for (const { place, text } of cells)
      if (shapes.some((shape) => text.includes(shape))) found.add(`${kind} in ${place}`);
  }
  return [...found].toSorted();
}

/** The places with something like a private key, in JSON or in PEM. */
export function searchPrivateKeys(cells: readonly Cell[]): string[] {
  return cells.filter(({ text }) => /"d" ?:|BEGIN [A-Z ]*PRIVATE/.test(text)).map(({ place }) => place);
}

/** A credential as it is, its parts, and encoded forms. */
function shapesOf(value: string): string[] {
  const bytes = Buffer.from(value);
  return [
    value,
    encodeURIComponent(value),
    ...(['hex', 'base64', 'base64url'] as const).map((encoding) => bytes.toString(encoding)),
    ...partsOf(value).flatMap((part) => [part, Buffer.from(part, 'base64url').toString('latin1')]),
  ];
}

/**
 * The secret parts. Many JWTs share a header, and the family of a refresh token finds its row: neither is worth
 * anything without the rest.
 */
function partsOf(value: string): string[] {
  const parts = value.split('.');
  return (parts.length === 3 ? parts.slice(1) : parts).filter((part) => part.length >= 20);
}

/** A text, and every part of it decoded, twice over: this finds a JWT inside a JWT, too. */
function withDecoded(text: string, depth = 2): string {
  if (depth === 0) return text;
  const decoded = [
    ...[...text.matchAll(/[0-9a-f]{24,}/g)].map(([run]) => Buffer.from(run, 'hex')),
    ...[...text.matchAll(/[A-Za-z0-9+/_-]{16,}/g)].map(([run]) => Buffer.from(run, 'base64')),
  ];
  return [text, ...decoded.map((bytes) => withDecoded(bytes.toString('latin1'), depth - 1))].join('\n');
}
