import { recordSeedsApplied } from './audit/seeds-applied.ts';
import type { Config } from './config.ts';
import type { Database } from './platform/database.ts';
import { OperatorError } from './platform/errors.ts';
import type { Logger } from './platform/log/logger.ts';
import { unmatchedInWords } from './platform/seeds/remarks/remark-in-words.ts';
import { netChanges } from './platform/seeds/run/net-changes.ts';
import { applySeeds } from './platform/seeds/run/run-seeds.ts';
import {
  changesOf,
  type RowChange,
  type SeedFileRun,
  type SeedRun,
  type StatementRun,
} from './platform/seeds/run/seed-run.ts';
import { readSeedFile, readTogether, type SeedFile } from './platform/seeds/seed-file.ts';
import { filesOfFolder } from './platform/seeds/seed-folder.ts';

/** Rows of people: the log has no name and no address. */
const OF_PEOPLE = new Set(['people', 'upstream_identities', 'user_records', 'worker_ids']);
const MOST_LINES = 200;

/** Applies the demo's seed, if there is one, then the files of SEEDS_DIR, in one transaction. */
export async function applySeedsAtStart(
  { issuer, seedsDir, seedsDeletions }: Pick<Config, 'issuer' | 'seedsDir' | 'seedsDeletions'>,
  { database, logger, demoSeed }: { database: Database; logger: Logger; demoSeed: string | undefined },
): Promise<void> {
  const apply = (files: readonly SeedFile[], check: (run: SeedRun) => void) =>
    database.patiently((knex) =>
      applySeeds(knex, files, {
        settings: { issuer },
        remarks: true,
        say: (sentence) => logger.info(sentence),
        async beforeCommit(trx, run) {
          check(run);
          await recordSeedsApplied(trx, run);
        },
      }),
    );
  if (demoSeed !== undefined) {
    const { files } = await apply([{ name: demoSeed, sql: readSeedFile(demoSeed) }], () => undefined);
    for (const file of files) sayApplied(logger, file);
  }
  if (seedsDir === undefined) return;
  const seeds = readTogether(filesOfFolder(seedsDir));
  if (seeds.length === 0) return;
  const run = await apply(seeds, seedsDeletions === 'refuse' ? refuseDeletions : () => undefined);
  sayChanges(logger, run);
  for (const file of run.files) sayApplied(logger, file);
}

/** @throws OperatorError that names what would be deleted. */
function refuseDeletions(run: SeedRun): void {
  const deleted = netChanges(changesOf(run)).filter(({ operation }) => operation === 'delete');
  const [first] = deleted;
  if (!first) return;
  const more = deleted.length === 1 ? '' : ` and ${(deleted.length - 1).toLocaleString('en-US')} more rows`;
  throw new OperatorError(
    `${first.file} deletes ${first.table} ${first.key}${more}, and SEEDS_DELETIONS=refuse. Nothing of SEEDS_DIR was applied.\n  See all of it with: npx listo plan ${first.file}\n  Apply it with: npx listo apply ${first.file}`,
  );
}

function sayApplied(logger: Logger, file: SeedFileRun): void {
  const changes = file.statements.reduce((sum, statement) => sum + statement.changes.length, 0);
  logger.info({ seed: file.name, changes }, 'seed applied');
}

/** A line for each row, as `plan` prints it, and for each statement that found nothing. */
function sayChanges(logger: Logger, { files }: SeedRun): void {
  const statements = files.flatMap((file) =>
    file.statements.map((statement) => ({ seed: file.name, statement })),
  );
  for (const { seed, statement } of statements)
    for (const sentence of warningsOf(statement)) logger.warn({ seed, line: statement.line }, sentence);
  const changed = statements.flatMap(({ seed, statement }) =>
    statement.changes.map((change) => ({ seed, line: statement.line, ...described(change) })),
  );
  for (const fields of changed.slice(0, MOST_LINES)) logger.info(fields, 'registration changed');
  if (changed.length > MOST_LINES)
    logger.info({ changes: changed.length - MOST_LINES }, 'more registrations changed');
}

/** A DELETE finds nothing at every start but the first. */
function warningsOf(statement: StatementRun): string[] {
  const { kind, remarks } = statement;
  return kind === 'DELETE' ? [] : remarks.flatMap((remark) => unmatchedInWords(remark, statement));
}

function described({ table, operation, key, fields }: RowChange): Record<string, unknown> {
  if (OF_PEOPLE.has(table))
    return {
      table,
      operation,
      key,
      named: operation === 'update' ? fields.map(({ column }) => column) : undefined,
    };
  const valuesOf = (side: 'old' | 'new') =>
    Object.fromEntries(
      fields.filter((field) => field[side] !== null).map((field) => [field.column, field[side]]),
    );
  return { table, operation, key, old: valuesOf('old'), new: valuesOf('new') };
}
