import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { Knex } from 'knex';

const FOLDER = new URL('functions/', import.meta.url);

/** The current text of each function, by its name, with the triggers that call it. */
export function readFunctions(): Record<string, string> {
  const files = readdirSync(FOLDER).toSorted();
  return Object.fromEntries(
    files.map((file) => [file.replace(/\.sql$/, ''), readFileSync(new URL(file, FOLDER), 'utf8')]),
  );
}

/** Distinguishes one text of all functions from another. */
export function digestOfFunctions(): string {
  return hash('sha256', JSON.stringify(readFunctions()), 'hex').slice(0, 16);
}

/**
 * Gives functions and triggers their current text. It leaves a trigger that has it already, because replacing one
 * locks its table against all writers.
 */
export async function applyFunctions(knex: Knex): Promise<void> {
  const { rows } = await knex.raw<{ rows: { definition: string }[] }>(
    'SELECT pg_get_triggerdef(oid, true) AS definition FROM pg_trigger WHERE NOT tgisinternal',
  );
  const there = new Set(rows.map(({ definition }) => `${definition};`));
  for (const text of Object.values(readFunctions())) {
    const [definition = '', ...triggers] = text.trim().split(/\n(?=CREATE (?:CONSTRAINT )?TRIGGER )/);
    await execute(knex, definition);
    for (const trigger of triggers.filter((trigger) => !there.has(trigger))) {
      const [, name, table] = /TRIGGER (\w+) .*? ON (\w+) /.exec(trigger) ?? [];
      await execute(knex, `DROP TRIGGER IF EXISTS ${name} ON ${table}; ${trigger}`);
    }
  }
}

/** Makes one function for a migration whose own statements call it. */
export async function applyFunction(knex: Knex, name: string): Promise<void> {
  await execute(knex, readFunctions()[name] ?? '');
}

/** Executes the SQL unchanged. knex reads a bare question mark as a binding. */
async function execute(knex: Knex, sql: string): Promise<void> {
  await knex.raw(sql.replaceAll('?', '\\?'));
}
