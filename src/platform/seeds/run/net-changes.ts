import type { Change, FieldChange, RowChange } from './seed-run.ts';

/**
 * The changes of each row as one: a row that a file changes and changes back is none. In the order of the first change
 * of each row.
 */
export function netChanges<Row extends RowChange>(changes: readonly Row[]): Row[] {
  const rows = new Map<string, Row>();
  for (const change of changes) {
    const before = rows.get(placeOf(change.table, change.oldKey));
    rows.delete(placeOf(change.table, change.oldKey));
    const merged = before ? merge(before, change) : change;
    if (merged) rows.set(placeOf(change.table, change.key), merged);
  }
  return [...rows.values()];
}

export function countOf(changes: readonly Change[], operation: Change['operation']): number {
  return changes.filter((change) => change.operation === operation).length;
}

function placeOf(table: string, key: string): string {
  return JSON.stringify([table, key]);
}

/** Undefined when nothing is left of the two. */
function merge<Row extends RowChange>(first: Row, second: Row): Row | undefined {
  const operation = operationOf(first.operation, second.operation);
  if (!operation) return undefined;
  const fields = mergeFields(first.fields, second.fields);
  if (operation === 'update' && fields.length === 0 && first.oldKey === second.key) return undefined;
  return { ...second, operation, oldKey: first.oldKey, fields };
}

/** A row that comes and goes is none; one that goes and comes again is updated. */
function operationOf(
  first: Change['operation'],
  second: Change['operation'],
): Change['operation'] | undefined {
  if (first === 'insert') return second === 'delete' ? undefined : 'insert';
  if (first === 'delete') return 'update';
  return second;
}

/** Two changes of a row as one: a column that has its first value again is none. */
export function mergeFields(first: readonly FieldChange[], second: readonly FieldChange[]): FieldChange[] {
  const columns = [...new Set([...first, ...second].map(({ column }) => column))].toSorted();
  return columns
    .map((column) => {
      const earlier = first.find((field) => field.column === column);
      const later = second.find((field) => field.column === column);
      return { column, old: earlier ? earlier.old : later?.old, new: later ? later.new : earlier?.new };
    })
    .filter((field) => JSON.stringify(field.old) !== JSON.stringify(field.new));
}
