import { changesOf, type FileChange, type SeedRun } from './seed-run.ts';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Whether two runs of the same files made the same changes. The time of each run counts as the same, and so do ids that
 * the database made.
 */
export function isSameChanges(one: SeedRun, other: SeedRun): boolean {
  return comparable(one) === comparable(other);
}

/** The order of rows within a statement is the database's. */
function comparable(run: SeedRun): string {
  const changes = changesOf(run);
  const made = new Map(
    changes.filter(isInsertOfUuid).map(({ key }, n): [string, string] => [key, `new ${n}`]),
  );
  const value = (found: unknown): unknown => {
    if (typeof found !== 'string') return found;
    const at = TIME.test(found) ? Date.parse(found) : Number.NaN;
    return at >= run.from && at <= run.until ? 'now' : (made.get(found) ?? found);
  };
  const key = (text: string): string => text.split(' ').map(value).join(' ');
  return JSON.stringify(
    changes
      .map(({ file, table, operation, oldKey, key: newKey, fields }) =>
        JSON.stringify([
          ...[file, table, operation, key(oldKey), key(newKey)],
          ...fields.map(({ column, old, new: now }) => [column, value(old), value(now)]),
        ]),
      )
      .toSorted(),
  );
}

/** Such an id may be in the file as well; then it is the same in both runs, and has the same number in both. */
function isInsertOfUuid({ operation, key }: FileChange): boolean {
  return operation === 'insert' && UUID.test(key);
}
