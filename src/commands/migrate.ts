import { migrate as bringUpToDate } from '../platform/migrate.ts';
import type { Command } from './command.ts';

export const migrate: Command = {
  name: 'migrate',
  operands: [],
  summary: 'Bring the schema of the database up to date, as starting the server does.',
  async run({ openDatabase, print }) {
    const database = await openDatabase({ make: true });
    try {
      const applied = await bringUpToDate(database);
      for (const name of applied) print(`migrated ${name}`);
      if (applied.length === 0) print('Nothing to migrate.');
    } finally {
      await database.close();
    }
  },
};
