import { newRecoveryCodes, spelledCode } from '../../authentication/recovery-codes/recovery-code.ts';
import type { RequestParameters } from '../../http/input/parameters.ts';
import { originOf } from '../../http/records/request-state.ts';
import type { AccountDependencies } from '../dependencies.ts';
import { goHome } from '../done.ts';
import { type AccountVisit, showPage } from '../visit.ts';
import { showConfirmation } from './confirmation.ts';

export const RECOVERY_CODES = '/recovery-codes';

export async function showNewCodes(visit: AccountVisit, dependencies: AccountDependencies): Promise<void> {
  if (!(await hasFactor(visit, dependencies))) return goHome(visit);
  showConfirmation(visit, dependencies, RECOVERY_CODES, {
    title: 'Make new recovery codes?',
    text: 'You get ten new ones. Those that you have do not work any more then.',
    button: 'Make new codes',
  });
}

export async function makeNewCodes(
  visit: AccountVisit,
  _form: RequestParameters,
  dependencies: AccountDependencies,
): Promise<void> {
  const codes = newRecoveryCodes();
  const { id } = visit.person;
  if (!(await dependencies.recoveryCodes.replace(id, codes, originOf(visit.ctx.req)))) return goHome(visit);
  showRecoveryCodes(visit, dependencies, codes.map(spelledCode));
}

/** Shows new codes, this once. */
export function showRecoveryCodes(
  visit: AccountVisit,
  dependencies: Pick<AccountDependencies, 'views' | 'csrf'>,
  codes: readonly string[],
): void {
  showPage(visit, dependencies, 'account/codes', { title: 'Keep your recovery codes', codes });
}

/** Recovery codes stand in for another factor. */
async function hasFactor({ person }: AccountVisit, { factors }: AccountDependencies): Promise<boolean> {
  const { totp, passkeys } = await factors.of(person.id);
  return totp || passkeys > 0;
}
