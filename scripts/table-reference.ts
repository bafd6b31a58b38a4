import type { Knex } from 'knex';

export const TABLES_PAGE = new URL('../docs/tables.md', import.meta.url);

const INTRODUCTION = `# Every table and column

These are the comments of the database itself; \`\\d+ clients\` in psql shows them, too. \`npm run schema\` writes this page.
[registering-clients.md](registering-clients.md) says which tables you write and how. The server alone writes the others.
`;

interface DescribedTable {
  name: string;
  comment: string | null;
  columns: DescribedColumn[];
}

interface DescribedColumn {
  name: string;
  type: string;
  required: boolean;
  default: string | null;
  comment: string | null;
}

/** The page with the tables and columns of a database, made from its comments. */
export async function describeTables(knex: Knex): Promise<string> {
  const { rows } = await knex.raw<{ rows: DescribedTable[] }>(TABLES);
  return [INTRODUCTION, ...rows.map(sectionOf)].join('\n');
}

function sectionOf({ name, comment, columns }: DescribedTable): string {
  return [
    `## ${name}\n`,
    ...(comment ? [`${asText(comment)}\n`] : []),
    '| column | type | default | meaning |',
    '| --- | --- | --- | --- |',
    ...columns.map(rowOf),
    '',
  ].join('\n');
}

function rowOf(column: DescribedColumn): string {
  const value = column.default
    ? `\`${column.default.replaceAll('|', '\\|')}\``
    : column.required
      ? 'none'
      : 'NULL';
  return `| \`${column.name}\` | ${column.type} | ${value} | ${asText(column.comment ?? '')} |`;
}

/** Keeps Markdown from reading its marks in a comment. */
function asText(comment: string): string {
  return comment.replaceAll(/[|<*]|_(?=\w)/g, '\\$&');
}

/** knex keeps its own tables beside ours. Partitions have the columns of their table. */
const TABLES = `
SELECT relname AS name, obj_description(c.oid, 'pg_class') AS comment, (
  SELECT json_agg(json_build_object('name', attname, 'type', format_type(atttypid, atttypmod), 'required', attnotnull,
                                    'default', pg_get_expr(adbin, adrelid), 'comment', col_description(attrelid, attnum))
                  ORDER BY attnum)
  FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
  WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
) AS columns
FROM pg_class c
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition AND relname NOT LIKE 'knex%'
ORDER BY relname COLLATE "C"`;
