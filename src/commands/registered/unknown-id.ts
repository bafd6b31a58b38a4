import { OperatorError } from '../../platform/errors.ts';
import type { Kind } from './kinds.ts';
import type { RegisteredStore, RegisteredTable } from './registered-store.ts';

/**
 * Says that nothing has this id, which one is meant perhaps, and which commands list all. The message does not repeat the
 * id, since it may be a misplaced secret.
 */
export async function unknownId(
  store: RegisteredStore,
  id: string,
  { sentence, tables, lists }: { sentence: string; tables: readonly RegisteredTable[]; lists: string },
): Promise<OperatorError> {
  const near = [];
  for (const table of tables) near.push(await store.nearestId(table, id));
  const meant = near.find((name) => name !== undefined);
  return new OperatorError(
    [sentence, ...(meant === undefined ? [] : [`Perhaps ${meant} is meant.`]), lists].join(' '),
  );
}

/** The command that lists a kind; for what looks like an address of a person, the list that takes one. */
export function whatLists({ word, filters }: Pick<Kind, 'word' | 'filters'>, id: string): string {
  return 'email' in filters && id.includes('@')
    ? `npx listo ${word} list --email ADDRESS finds people by their address.`
    : `npx listo ${word} list shows those there are.`;
}
