import type { AccountDependencies } from '../dependencies.ts';
import { type AccountVisit, addressIn, showPage } from '../visit.ts';

/** Asks whether a person wants something that cannot be taken back. */
export function showConfirmation(
  visit: AccountVisit,
  dependencies: Pick<AccountDependencies, 'views' | 'csrf'>,
  path: string,
  words: { title: string; text: string; button: string },
): void {
  showPage(visit, dependencies, 'account/confirm', { ...words, action: addressIn(visit, path) });
}
