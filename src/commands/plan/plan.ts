import { OperatorError } from '../../platform/errors.ts';
import { dueMigrations } from '../../platform/migrate.ts';
import { netChanges } from '../../platform/seeds/run/net-changes.ts';
import { changesOf } from '../../platform/seeds/run/seed-run.ts';
import { readSeedFiles } from '../../platform/seeds/seed-folder.ts';
import type { Command } from '../command.ts';
import { rehearse } from './rehearsal.ts';
import { runAsJson } from './run-as-json.ts';
import { runInWords } from './run-in-words.ts';
import { timeLimit } from './time-limit.ts';

/** A plan holds locks on the rows that it changes, until it is rolled back. */
export const PLAN_SECONDS = 60;
const CHANGES = 2;

export const plan: Command = {
  name: 'plan',
  operands: ['FILE…|FOLDER'],
  options: { timeout: 'SECONDS' },
  switches: ['json'],
  summary: 'Print what files of registrations (SQL) would change, and change nothing.',
  examples: ['plan acme.sql', 'plan registrations --json'],
  help: `Runs the files in one transaction and rolls it back. Prints each row that would change, field by field, what each
statement found, and what goes with a deletion. A statement that finds no row is perhaps a typing error.
Exit status: 0 nothing would change, 2 something would, 1 a file is wrong.

  $ npx listo plan acme.sql
  acme.sql:12: UPDATE clients, 1 row
    ~ clients acme-portal
        name: Portal → Acme Portal
  Rows to insert: 0, to update: 1, to delete: 0.`,
  async run(context, paths, given) {
    const timeoutMs = timeLimit(given, PLAN_SECONDS);
    const files = readSeedFiles(paths);
    const database = await context.openDatabase();
    try {
      if ((await dueMigrations(database.knex)).length > 0)
        throw new OperatorError(
          'The schema of the database is older than this version; bring it up to date: npx listo migrate',
        );
      const run = await rehearse(database, context, files, timeoutMs);
      if (given.switches.has('json')) context.print(runAsJson(run, { applied: false }));
      else for (const line of runInWords(run)) context.print(line);
      return netChanges(changesOf(run)).length > 0 ? CHANGES : 0;
    } finally {
      await database.close();
    }
  },
};
