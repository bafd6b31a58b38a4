import { accountAddress } from '../clients/account-client.ts';
import { type RequestParameters, singleValue } from '../http/input/parameters.ts';
import { requestLimitKey } from '../http/rate-limits/limit-key.ts';
import { logFacts } from '../http/records/log-fields.ts';
import { originOf } from '../http/records/request-state.ts';
import { brandOf } from '../instances/brand.ts';
import type { AccountDependencies } from './dependencies.ts';
import { type AccountVisit, addressIn, nothingHere, showPage, signedOutMeanwhile } from './visit.ts';

export const PASSWORD = '/password';

/** Lets a person choose a new password. Somebody who signs in elsewhere has none here. */
export async function showPassword(
  visit: AccountVisit,
  dependencies: AccountDependencies,
  { error, status = 200 }: { error?: string; status?: number } = {},
): Promise<void> {
  if (!(await hasPassword(visit, dependencies))) throw nothingHere();
  const action = addressIn(visit, PASSWORD);
  const model = { title: 'Change your password', email: visit.person.email, error, action };
  showPage(visit, dependencies, 'account/password', model, { status, scripts: true });
}

export async function changePassword(
  visit: AccountVisit,
  form: RequestParameters,
  dependencies: AccountDependencies,
): Promise<void> {
  const { ctx, instance, person, session } = visit;
  if (!(await hasPassword(visit, dependencies))) throw nothingHere();
  const password = singleValue(form.password) ?? '';
  const again = (error: string) => showPassword(visit, dependencies, { error, status: 400 });
  const judged = await dependencies.newPasswords.accept(password, {
    again: singleValue(form.again) ?? '',
    about: [person.email, person.name, person.firstName, person.lastName, instance.name],
    lane: requestLimitKey(ctx.req),
  });
  if ('mistake' in judged) {
    logFacts(ctx.req, { detail: 'the new password is refused' });
    return again(judged.mistake);
  }
  const { passwordHash } = judged;
  const change = { personId: person.id, sessionUid: session.uid, passwordHash };
  if (!(await dependencies.ownPasswords.change(change, originOf(ctx.req))))
    throw signedOutMeanwhile(instance);
  dependencies.views.render(
    ctx,
    'sign-out/signed-out',
    {
      done: true,
      title: 'Your password is changed',
      message: 'You are signed out everywhere. Sign in with the new password.',
      links: [{ does: 'sign_in', href: accountAddress(instance.id), name: 'your account' }],
    },
    { brand: brandOf(instance), isolated: true },
  );
}

/** Also somebody with a password signs in elsewhere, if their instance has a provider of its own. */
export async function hasPassword(
  { instance, person }: Pick<AccountVisit, 'instance' | 'person'>,
  { factors }: Pick<AccountDependencies, 'factors'>,
): Promise<boolean> {
  return instance.authentication === 'password' && (await factors.of(person.id)).password;
}
