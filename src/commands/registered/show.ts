import type { Command } from '../command.ts';
import type { Kind } from './kinds.ts';
import { createRegisteredStore, type RegisteredStore, type Row } from './registered-store.ts';
import { unknownId, whatLists } from './unknown-id.ts';
import { jsonOf, linesOf, tableOf } from './written.ts';

export function showCommand(kind: Kind): Command {
  return {
    name: `${kind.word} show`,
    operands: ['ID'],
    switches: ['json'],
    summary: `Show one ${kind.one} and what belongs to it; of a secret only whether there is one.`,
    examples: [`${kind.word} show ${kind.example}`],
    async run({ openDatabase, print }, [id = ''], { switches }) {
      const database = await openDatabase();
      try {
        const { row, parts } = await read(createRegisteredStore(database.knex), kind, id);
        const lines = switches.has('json')
          ? [jsonOf({ ...row, ...parts })]
          : [...linesOf(row), ...Object.entries(parts).flatMap(sectionOf)];
        for (const line of lines) print(line);
      } finally {
        await database.close();
      }
    },
  };
}

async function read(
  store: RegisteredStore,
  { word, table, one, filters, parts }: Kind,
  id: string,
): Promise<{ row: Row; parts: Record<string, Row[]> }> {
  const row = await store.find(table, id);
  if (!row)
    throw await unknownId(store, id, {
      sentence: `There is no ${one} with this id.`,
      tables: [table],
      lists: whatLists({ word, filters }, id),
    });
  const read: Record<string, Row[]> = {};
  for (const part of parts) read[part.table] = await store.partsOf(part.table, part.column, id, part.order);
  return { row, parts: read };
}

/** Nothing for a table without rows. */
function sectionOf([name, rows]: [string, Row[]]): string[] {
  const [first] = rows;
  return first ? ['', `${name}:`, ...tableOf(rows, Object.keys(first))] : [];
}
