import type { Command } from '../command.ts';
import type { Kind } from './kinds.ts';
import { createRegisteredStore, type RegisteredStore } from './registered-store.ts';
import { unknownId } from './unknown-id.ts';
import { jsonOf, tableOf } from './written.ts';

/** A list of all people of an instance may be long. */
const MOST = 1000;

export function listCommand({ word, table, many, columns, filters }: Kind): Command {
  return {
    name: `${word} list`,
    operands: [],
    options: { ...filters, after: 'ID' },
    switches: ['json'],
    summary: `List the ${many} by id, up to ${MOST}.`,
    words: 'email' in filters ? { email: 'Only those with this address, in any instance.' } : {},
    examples: ['instance' in filters ? `${word} list --instance acme` : `${word} list --json`],
    async run({ openDatabase, print, say }, _operands, { options, switches }) {
      const database = await openDatabase();
      try {
        const { after, instance, email } = options;
        const store = createRegisteredStore(database.knex);
        const found = await store.list(table, { after, instance, email, limit: MOST + 1 });
        const rows = found.slice(0, MOST);
        if (rows.length === 0 && instance !== undefined) await expectInstance(store, instance);
        if (switches.has('json'))
          print(
            jsonOf(rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]])))),
          );
        else if (rows.length === 0) print('None.');
        else for (const line of tableOf(rows, columns)) print(line);
        if (found.length > MOST) say(`There are more: --after ${rows.at(-1)?.id}\n`);
      } finally {
        await database.close();
      }
    },
  };
}

/** An empty list says nothing about an instance that was misspelt. */
async function expectInstance(store: RegisteredStore, id: string): Promise<void> {
  if (await store.find('instances', id)) return;
  throw await unknownId(store, id, {
    sentence: 'There is no instance with this id.',
    tables: ['instances'],
    lists: 'npx listo instance list shows those there are.',
  });
}
