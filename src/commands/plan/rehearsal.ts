import type { Database } from '../../platform/database.ts';
import { type RunOptions, rehearseSeeds } from '../../platform/seeds/run/run-seeds.ts';
import type { SeedRun } from '../../platform/seeds/run/seed-run.ts';
import type { SeedFile } from '../../platform/seeds/seed-file.ts';
import type { CommandContext } from '../command.ts';
import { stoppedByCtrlC } from './time-limit.ts';

/** How a command runs files: with the issuer that they may read, and telling the terminal what it waits for. */
export function runOptions({ issuer, say }: CommandContext, timeoutMs: number): RunOptions {
  const known = issuer();
  const settings = known === undefined ? {} : { issuer: known };
  return { settings, timeoutMs, say: (sentence) => say(`${sentence}\n`) };
}

/** Runs the files and rolls everything back. */
export function rehearse(
  database: Database,
  context: CommandContext,
  files: readonly SeedFile[],
  timeoutMs: number,
): Promise<SeedRun> {
  return stoppedByCtrlC(database, context, (stop) =>
    database.patiently((knex) =>
      rehearseSeeds(knex, files, { ...runOptions(context, timeoutMs), ...stop, remarks: true }),
    ),
  );
}
