import { recordSeedsApplied } from '../../audit/seeds-applied.ts';
import { escaped } from '../../platform/log/escaped.ts';
import { migrate } from '../../platform/migrate.ts';
import { applySeeds } from '../../platform/seeds/run/run-seeds.ts';
import { type Change, changesOf } from '../../platform/seeds/run/seed-run.ts';
import { readSeedFile } from '../../platform/seeds/seed-file.ts';
import type { Command } from '../command.ts';
import { runOptions } from './rehearsal.ts';
import { runAsJson } from './run-as-json.ts';
import { stoppedByCtrlC, timeLimit } from './time-limit.ts';

const DONE: Record<Change['operation'], string> = {
  insert: 'inserted',
  update: 'updated',
  delete: 'deleted',
};

export const seed: Command = {
  name: 'seed',
  operands: ['FILE'],
  options: { timeout: 'SECONDS' },
  switches: ['json'],
  summary: 'Apply a file of registrations (SQL) without a question, and print what it changed. See apply.',
  examples: ['seed acme.sql'],
  async run(context, [file = ''], given) {
    const timeoutMs = timeLimit(given, 0);
    const files = [{ name: file, sql: readSeedFile(file) }];
    const { print } = context;
    const options = { ...runOptions(context, timeoutMs), beforeCommit: recordSeedsApplied };
    const database = await context.openDatabase({ make: true });
    try {
      const isJson = given.switches.has('json');
      const tell = isJson ? (line: string) => context.say(`${line}\n`) : print;
      for (const name of await migrate(database)) tell(`migrated ${name}`);
      const run = await stoppedByCtrlC(database, context, (stop) =>
        database.patiently((knex) => applySeeds(knex, files, { ...options, ...stop })),
      );
      if (isJson) return print(runAsJson(run, { applied: true }));
      const changes = changesOf(run);
      for (const { operation, table, key } of changes) print(escaped(`${DONE[operation]} ${table} ${key}`));
      if (changes.length === 0) print('Nothing changed.');
    } finally {
      await database.close();
    }
  },
};
