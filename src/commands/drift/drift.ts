import {
  type Application,
  createRegistrationTrailStore,
  type Place,
  type RegistrationTrailStore,
} from '../../audit/registration-trail-store.ts';
import type { Database } from '../../platform/database.ts';
import { escaped } from '../../platform/log/escaped.ts';
import { netChanges } from '../../platform/seeds/run/net-changes.ts';
import { changesOf, type SeedRun } from '../../platform/seeds/run/seed-run.ts';
import { readSeedFiles } from '../../platform/seeds/seed-folder.ts';
import type { Command, CommandContext } from '../command.ts';
import { PLAN_SECONDS } from '../plan/plan.ts';
import { rehearse } from '../plan/rehearsal.ts';
import { runInWords } from '../plan/run-in-words.ts';
import { KINDS } from '../registered/kinds.ts';
import { jsonOf } from '../registered/written.ts';
import { timeOf } from '../time-option.ts';
import { driftInWords } from './drift-in-words.ts';
import { createNetDrift, type Drift } from './net-drift.ts';
import { type FileState, isWayOf, oldestOf, statesOf } from './reference.ts';

const FOUND = 2;
const EVENTS = KINDS.filter(({ word }) => word !== 'person').flatMap(({ events }) => events);
const PEOPLE = KINDS.flatMap(({ events }) => events);

/** The differences, and from when on the trail was read. */
interface Report {
  since: Date | undefined;
  /** The application from which on it was read; undefined for a time that somebody named. */
  after: Application | undefined;
  begins: Date | undefined;
  /** False where changes before the first event of the trail are missing. */
  complete: boolean;
  changes: Drift[];
  files: FileState[];
  /** The run of the files that were named. */
  planned: SeedRun | undefined;
}

export const drift: Command = {
  name: 'drift',
  operands: ['[FILE…|FOLDER]'],
  options: { since: 'TIME' },
  switches: ['people', 'json'],
  summary: 'Tell what was changed by another way than by files of registrations since they were applied.',
  help: `Reads the audit trail: who changed what, when, and from what to what. What was changed back, or
what a file has overwritten since, is not told. Where no file is named, a change by any file is as it
is to be, and the trail is read from the oldest of the last applications of all files.

With files, a change by another file is told as well, and also what these files would change back
now, and which of them are not as they were applied.

Exit status: 0 nothing differs, 2 something does, 1 a failure.`,
  words: {
    'FILE|FOLDER': 'A file of registrations, or a folder for all its *.sql files.',
    since: 'Read the trail from this time on: 2026-11-27, 2026-11-27T14:00:00Z, or an age such as 12h or 7d.',
    people:
      'Also tell of people: the names of columns that changed, since the trail has no values of people.',
  },
  examples: ['drift', 'drift registrations', 'drift acme.sql --since 7d --json'],
  async run(context, paths, { options, switches }) {
    const since = options.since === undefined ? undefined : timeOf('since', options.since, context.clock);
    const files = paths.length === 0 ? [] : readSeedFiles(paths);
    const database = await context.openDatabase();
    try {
      const planned =
        files.length === 0 ? undefined : await rehearse(database, context, files, PLAN_SECONDS * 1000);
      const report = await reportOf(database, planned, { since, people: switches.has('people') });
      if (switches.has('json')) context.print(jsonOf(asJson(report)));
      else tell(report, context);
      return report.changes.length > 0 || changedBack(report).length > 0 ? FOUND : 0;
    } finally {
      await database.close();
    }
  },
};

async function reportOf(
  { knex }: Database,
  planned: SeedRun | undefined,
  { since, people }: { since: Date | undefined; people: boolean },
): Promise<Report> {
  const trail = createRegistrationTrailStore(knex);
  const applications = await trail.applications(EVENTS);
  const files = statesOf(planned?.files ?? [], applications);
  const known = !planned ? applications : files.flatMap(({ applied }) => applied ?? []);
  const after = since ? undefined : oldestOf(known);
  const begins = await trail.beginning();
  const isFile = isWayOf(planned && files);
  const changes = await netDrift(trail, since ?? after?.place, people ? PEOPLE : EVENTS, isFile);
  const isWhole = after !== undefined || (since !== undefined && begins !== undefined && begins <= since);
  return { since: since ?? after?.at, after, begins, complete: isWhole, changes, files, planned };
}

async function netDrift(
  trail: RegistrationTrailStore,
  from: Place | Date | undefined,
  events: Parameters<RegistrationTrailStore['since']>[1],
  isFile: (way: string) => boolean,
): Promise<Drift[]> {
  const net = createNetDrift(isFile);
  for await (const batch of trail.since(from, events)) for (const event of batch) net.take(event);
  return net.found();
}

function changedBack({ planned }: Report) {
  return planned ? netChanges(changesOf(planned)) : [];
}

function tell(report: Report, { print, say }: CommandContext): void {
  const { changes, files, planned } = report;
  say(`${escaped(sinceInWords(report))}\n`);
  for (const change of changes) for (const line of driftInWords(change)) print(line);
  for (const { file, sha256, applied } of files) {
    if (!applied) say(`${escaped(file)}: the trail tells of no application of it.\n`);
    else if (applied.sha256 !== undefined && applied.sha256 !== sha256)
      say(`${escaped(file)} is not as it was applied at ${applied.at.toISOString()}.\n`);
  }
  if (planned && changedBack(report).length > 0) {
    if (changes.length > 0) print('');
    print('The files would change now:');
    for (const line of runInWords(planned)) print(line);
  } else if (changes.length === 0) print('Nothing differs.');
}

function sinceInWords({ since, after, begins, complete }: Report): string {
  const from = after
    ? `Since ${after.at.toISOString()}, when ${after.file} was applied.`
    : since
      ? `Since ${since.toISOString()}.`
      : 'The audit trail tells of no application of a file, so all its changes are told.';
  if (complete) return from;
  return begins === undefined
    ? `${from} The audit trail is empty.`
    : `${from} The audit trail begins at ${begins.toISOString()}; what changed before is not known.`;
}

function asJson(report: Report) {
  const { since, after, begins, complete, changes, files } = report;
  return {
    ...{ since: since ?? null, applied_file: after?.file ?? null },
    ...{ trail_begins: begins ?? null, trail_complete: complete },
    changes,
    files: files.map(({ file, sha256, applied }) => ({
      ...{ file, sha256 },
      applied_at: applied?.at ?? null,
      applied_sha256: applied?.sha256 ?? null,
    })),
    would_change: changedBack(report).map(({ file, table, operation, key, fields }) => ({
      ...{ file, table, operation, key, fields },
    })),
  };
}
