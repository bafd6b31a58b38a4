import { setUpError } from '../../authentication/totp/set-up-error.ts';
import type { TotpPage } from '../../authentication/totp/totp-set-up.ts';
import { type RequestParameters, singleValue } from '../../http/input/parameters.ts';
import { logFacts } from '../../http/records/log-fields.ts';
import { originOf } from '../../http/records/request-state.ts';
import type { AccountDependencies } from '../dependencies.ts';
import { DONE, goHome } from '../done.ts';
import { policyHere } from '../proof.ts';
import { type AccountVisit, addressIn, nothingHere, showPage } from '../visit.ts';
import { showConfirmation } from './confirmation.ts';
import { showRecoveryCodes } from './recovery-codes.ts';

export const APP = '/authenticator-app';
export const REMOVE_APP = `${APP}/remove`;

/** Lets a person set up an authenticator app. */
export async function showApp(visit: AccountVisit, dependencies: AccountDependencies): Promise<void> {
  if (!mayHaveApp(visit)) throw nothingHere();
  if (await hasApp(visit, dependencies)) return goHome(visit);
  render(visit, dependencies, await dependencies.totpSetUp.begin(pageOf(visit)));
}

/** The first code of the app. The app counts from now on. */
export async function addApp(
  visit: AccountVisit,
  form: RequestParameters,
  dependencies: AccountDependencies,
): Promise<void> {
  if (!mayHaveApp(visit)) throw nothingHere();
  const { totpSetUp } = dependencies;
  const page = pageOf(visit);
  const sealed = singleValue(form.secret) ?? '';
  const answer = { ...page, sealed, code: singleValue(form.code) ?? '' };
  const result = await totpSetUp.confirm(answer, originOf(visit.ctx.req));
  if (result.outcome === 'added')
    return result.recoveryCodes
      ? showRecoveryCodes(visit, dependencies, result.recoveryCodes)
      : goHome(visit, DONE.factorAdded);
  // A second click finds the app that the first one added.
  if (result.outcome === 'not_added') return goHome(visit);
  const same = result.outcome === 'wrong_code' ? await totpSetUp.again({ ...page, sealed }) : undefined;
  render(visit, dependencies, same ?? (await totpSetUp.begin(page)), setUpError(result));
}

export async function showRemoveApp(visit: AccountVisit, dependencies: AccountDependencies): Promise<void> {
  if (!(await hasApp(visit, dependencies))) return goHome(visit);
  showConfirmation(visit, dependencies, REMOVE_APP, {
    title: 'Remove your authenticator app?',
    text: 'Its codes do not work any more then. If you have no passkey, your recovery codes are gone as well.',
    button: 'Remove the app',
  });
}

export async function removeApp(
  visit: AccountVisit,
  _form: RequestParameters,
  { totp }: AccountDependencies,
): Promise<void> {
  const removed = await totp.remove(visit.person.id, originOf(visit.ctx.req));
  goHome(visit, removed ? DONE.factorRemoved : undefined);
}

/** Whether the instance lets its people have an app. */
export function mayHaveApp({ instance }: AccountVisit): boolean {
  return policyHere(instance).secondFactor !== 'off';
}

async function hasApp({ person }: AccountVisit, { factors }: AccountDependencies): Promise<boolean> {
  return (await factors.of(person.id)).totp;
}

function pageOf({ instance, person, session }: AccountVisit) {
  const account = person.email ?? person.name ?? 'account';
  return { personId: person.id, binding: session.uid, issuer: instance.name, account };
}

function render(
  visit: AccountVisit,
  dependencies: AccountDependencies,
  totp: TotpPage,
  error?: string,
): void {
  if (error !== undefined) logFacts(visit.ctx.req, { detail: error });
  const model = { title: 'Set up an authenticator app', totp, error, action: addressIn(visit, APP) };
  showPage(visit, dependencies, 'account/app', model, { status: error === undefined ? 200 : 400 });
}
