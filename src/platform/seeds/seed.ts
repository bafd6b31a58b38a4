import type { Knex } from 'knex';
import { applySeeds } from './run/run-seeds.ts';
import { type Change, changesOf } from './run/seed-run.ts';
import type { SeedFile } from './seed-file.ts';

/**
 * Applies one file in one transaction and returns the rows that it really changed: none when it is applied again.
 * @throws OperatorError that says where and what is wrong and what to do. Nothing of the file is applied then.
 */
export async function applySeed(
  knex: Knex,
  { settings = {}, ...file }: SeedFile & { settings?: Readonly<Record<string, string>> },
): Promise<Change[]> {
  const run = await applySeeds(knex, [file], { settings });
  return changesOf(run).map(({ table, operation, key }) => ({ table, operation, key }));
}
