import { migrate } from '../platform/migrate.ts';
import type { Change } from '../platform/seeds/run/seed-run.ts';
import { applySeed } from '../platform/seeds/seed.ts';
import { readSeedFile } from '../platform/seeds/seed-file.ts';
import type { Command } from './command.ts';
import { jsonOf } from './registered/written.ts';

const DONE: Record<Change['operation'], string> = {
  insert: 'inserted',
  update: 'updated',
  delete: 'deleted',
};

export const seed: Command = {
  name: 'seed',
  operands: ['FILE'],
  switches: ['json'],
  summary: 'Apply a file of registrations (SQL) in one transaction, and print what it changed.',
  examples: ['seed acme.sql'],
  async run({ openDatabase, issuer: issuerOf, print }, [file = ''], { switches }) {
    const sql = readSeedFile(file);
    const issuer = issuerOf();
    const database = await openDatabase({ make: true });
    try {
      const migrated = await migrate(database);
      if (!switches.has('json')) for (const name of migrated) print(`migrated ${name}`);
      const changes = await applySeed(database.knex, {
        name: file,
        sql,
        settings: issuer === undefined ? {} : { issuer },
      });
      if (switches.has('json')) return print(jsonOf({ migrated, changes }));
      for (const { operation, table, key } of changes) print(`${DONE[operation]} ${table} ${key}`);
      if (changes.length === 0) print('Nothing changed.');
    } finally {
      await database.close();
    }
  },
};
