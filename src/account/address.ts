import { type RequestParameters, singleValue } from '../http/input/parameters.ts';
import { redirect } from '../http/pages/redirect.ts';
import { logFacts } from '../http/records/log-fields.ts';
import { originOf } from '../http/records/request-state.ts';
import type { AccountDependencies } from './dependencies.ts';
import { hasPassword } from './password.ts';
import { type AccountVisit, addressIn, nothingHere, showPage } from './visit.ts';

export const ADDRESS = '/address';

const REFUSALS = {
  same_address: 'That is your address already.',
  too_soon: 'You asked a moment ago. Look at both mails, or ask again in some minutes.',
  unknown: 'The address cannot be changed now.',
};

/** Asks for another e-mail address, which both addresses then confirm (the edge `recovery/`). */
export async function showAddress(
  visit: AccountVisit,
  dependencies: AccountDependencies,
  { email = '', error, status = 200 }: { email?: string; error?: string; status?: number } = {},
): Promise<void> {
  if (!(await mayChange(visit, dependencies))) throw nothingHere();
  const action = addressIn(visit, ADDRESS);
  const model = { title: 'Change your email address', former: visit.person.email, email, error, action };
  showPage(visit, dependencies, 'account/address', model, { status });
}

export async function changeAddress(
  visit: AccountVisit,
  form: RequestParameters,
  dependencies: AccountDependencies,
): Promise<void> {
  const { ctx, instance, person } = visit;
  if (!(await mayChange(visit, dependencies))) throw nothingHere();
  const address = singleValue(form.email)?.trim() ?? '';
  const browser = dependencies.askingBrowser.of(ctx);
  const asked = await dependencies.addressChanges.ask(
    { personId: person.id, address, browser },
    originOf(ctx.req),
  );
  if (asked === 'asked') return redirect(ctx, `/recovery/${instance.id}/address`);
  const error = typeof asked === 'string' ? REFUSALS[asked] : asked.mistake;
  logFacts(ctx.req, { detail: 'the new address is refused' });
  await showAddress(visit, dependencies, { email: address, error, status: 400 });
}

/** The customer's own provider names the addresses of its people. */
async function mayChange(visit: AccountVisit, dependencies: AccountDependencies): Promise<boolean> {
  return dependencies.sendsMail && hasPassword(visit, dependencies);
}
