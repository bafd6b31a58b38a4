import { countOf, netChanges } from '../../platform/seeds/run/net-changes.ts';
import { changesOf, type SeedRun } from '../../platform/seeds/run/seed-run.ts';
import { jsonOf } from '../registered/written.ts';
import { goneWithDeleted } from './gone.ts';

/** The run for a program. */
export function runAsJson(run: SeedRun, { applied }: { applied: boolean }): string {
  const changes = netChanges(changesOf(run));
  return jsonOf({
    applied,
    sum: {
      insert: countOf(changes, 'insert'),
      update: countOf(changes, 'update'),
      delete: countOf(changes, 'delete'),
    },
    gone_with_deleted: goneWithDeleted(run),
    files: run.files.map(({ name, sha256, statements }) => ({
      ...{ file: name, sha256 },
      statements: statements.map(({ columns: _, changes, ...statement }) => ({
        ...statement,
        changes: changes.map(({ oldKey, ...change }) => ({ ...change, old_key: oldKey })),
      })),
    })),
  });
}
