import { migrate as bringUpToDate } from '../platform/migrate.ts';
import type { Command } from './command.ts';
import { jsonOf } from './registered/written.ts';

export const migrate: Command = {
  name: 'migrate',
  operands: [],
  switches: ['json'],
  summary: 'Bring the schema of the database up to date, as starting the server does.',
  help: `An older release goes on serving beside the new schema, so migrate first and roll out then, or let
the first server of the new release migrate.`,
  examples: ['migrate'],
  async run({ openDatabase, print }, _operands, { switches }) {
    const database = await openDatabase({ make: true });
    try {
      const applied = await bringUpToDate(database);
      if (switches.has('json')) return print(jsonOf({ migrated: applied }));
      for (const name of applied) print(`migrated ${name}`);
      if (applied.length === 0) print('Nothing to migrate.');
    } finally {
      await database.close();
    }
  },
};
