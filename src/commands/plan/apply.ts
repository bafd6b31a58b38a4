import { recordSeedsApplied } from '../../audit/seeds-applied.ts';
import type { Database } from '../../platform/database.ts';
import { OperatorError } from '../../platform/errors.ts';
import { migrate } from '../../platform/migrate.ts';
import { netChanges } from '../../platform/seeds/run/net-changes.ts';
import { applySeeds } from '../../platform/seeds/run/run-seeds.ts';
import { isSameChanges } from '../../platform/seeds/run/same-changes.ts';
import { changesOf, type SeedRun } from '../../platform/seeds/run/seed-run.ts';
import type { SeedFile } from '../../platform/seeds/seed-file.ts';
import { readSeedFiles } from '../../platform/seeds/seed-folder.ts';
import type { Command, CommandContext } from '../command.ts';
import { goneWithDeleted, inWords } from './gone.ts';
import { PLAN_SECONDS } from './plan.ts';
import { rehearse, runOptions } from './rehearsal.ts';
import { runAsJson } from './run-as-json.ts';
import { runInWords } from './run-in-words.ts';
import { stoppedByCtrlC, timeLimit } from './time-limit.ts';

export const apply: Command = {
  name: 'apply',
  operands: ['FILE…|FOLDER'],
  options: { timeout: 'SECONDS' },
  switches: ['yes', 'json'],
  summary: 'Print what files of registrations (SQL) change, and apply them: all, or none.',
  examples: ['apply acme.sql', 'apply registrations --yes --json'],
  help: `Prints the same as plan, and applies it in one transaction. Asks before it deletes rows on which others hang; --yes
answers that. Applies nothing if something else changed in between. The audit trail keeps who applied which file.`,
  async run(context, paths, given) {
    const timeoutMs = timeLimit(given, PLAN_SECONDS);
    const files = readSeedFiles(paths);
    const isJson = given.switches.has('json');
    const database = await context.openDatabase({ make: true });
    try {
      for (const name of await migrate(database)) context.say(`migrated ${name}\n`);
      const planned = await rehearse(database, context, files, timeoutMs);
      if (!isJson) for (const line of runInWords(planned)) context.print(line);
      if (!given.switches.has('yes')) await askFor(planned, context);
      await applyPlanned(database, context, { files, planned, timeoutMs });
      if (isJson) context.print(runAsJson(planned, { applied: true }));
      else if (netChanges(changesOf(planned)).length > 0) context.print('Applied.');
    } finally {
      await database.close();
    }
  },
};

/** @throws OperatorError when the person says no, or nobody can be asked. */
async function askFor(planned: SeedRun, { ask }: CommandContext): Promise<void> {
  const gone = goneWithDeleted(planned);
  if (Object.keys(gone).length === 0) return;
  const words = inWords(gone) || 'other rows';
  if (!ask)
    throw new OperatorError(`With what is deleted go ${words}. Nothing was applied; --yes allows it.`);
  if (!(await ask(`With what is deleted go ${words}.`))) throw new OperatorError('Nothing was applied.');
}

/** No transaction is open while a person reads. So the files run again, and must do what the person has read. */
function applyPlanned(
  database: Database,
  context: CommandContext,
  { files, planned, timeoutMs }: { files: readonly SeedFile[]; planned: SeedRun; timeoutMs: number },
): Promise<SeedRun> {
  return stoppedByCtrlC(database, context, (stop) =>
    database.patiently((knex) =>
      applySeeds(knex, files, {
        ...runOptions(context, timeoutMs),
        ...stop,
        async beforeCommit(trx, run) {
          if (!isSameChanges(planned, run))
            throw new OperatorError(
              'Something changed since this was planned, or a file computes something else each time. Nothing was applied; plan again.',
            );
          await recordSeedsApplied(trx, run);
        },
      }),
    ),
  );
}
