import type { Passkey } from '../../authentication/passkey/passkey-store.ts';
import { PASSKEY_SENTENCES } from '../../authentication/passkey/refusal.ts';
import { type RequestParameters, singleValue } from '../../http/input/parameters.ts';
import { logFacts } from '../../http/records/log-fields.ts';
import { originOf } from '../../http/records/request-state.ts';
import type { AccountDependencies } from '../dependencies.ts';
import { DONE, goHome } from '../done.ts';
import { policyHere } from '../proof.ts';
import { type AccountVisit, addressIn, nothingHere, showPage } from '../visit.ts';
import { showConfirmation } from './confirmation.ts';
import { showRecoveryCodes } from './recovery-codes.ts';

export const ADD_PASSKEY = '/passkeys/add';
export const RENAME_PASSKEY = '/passkeys/:passkey/rename';
export const REMOVE_PASSKEY = '/passkeys/:passkey/remove';

const LONGEST_NAME = 60;

/** The address of a form about one passkey. */
export function passkeyAddress(visit: AccountVisit, { credentialId }: Passkey, path: string): string {
  return addressIn(visit, path.replace(':passkey', credentialId.toString('base64url')));
}

export async function showAddPasskey(
  visit: AccountVisit,
  dependencies: AccountDependencies,
  { error, status = 200 }: { error?: string; status?: number } = {},
): Promise<void> {
  if (!mayHavePasskeys(visit, dependencies)) throw nothingHere();
  const { person, instance, session } = visit;
  const { registrar } = dependencies.passkeys;
  const options = await registrar.options({ person, instanceName: instance.name, uid: session.uid });
  const passkey = {
    action: addressIn(visit, ADD_PASSKEY),
    asks: 'create',
    options: JSON.stringify(options),
    button: 'Add a passkey',
  };
  const model = { title: 'Add a passkey', passkey, error };
  showPage(visit, dependencies, 'account/passkey', model, { status, scripts: true });
}

export async function addPasskey(
  visit: AccountVisit,
  form: RequestParameters,
  dependencies: AccountDependencies,
): Promise<void> {
  if (!mayHavePasskeys(visit, dependencies)) throw nothingHere();
  const { ctx, person, session } = visit;
  const result = await dependencies.passkeys.registrar.add({
    personId: person.id,
    uid: session.uid,
    answer: singleValue(form.answer) ?? '',
    userAgent: ctx.req.headers['user-agent'],
    origin: originOf(ctx.req),
  });
  if (result.outcome === 'refused') {
    logFacts(ctx.req, { detail: result.detail });
    return showAddPasskey(visit, dependencies, { error: PASSKEY_SENTENCES[result.reason], status: 400 });
  }
  // The first factor comes with codes for the day on which it is lost.
  if (result.recoveryCodes) return showRecoveryCodes(visit, dependencies, result.recoveryCodes);
  goHome(visit, DONE.factorAdded);
}

export async function showRenamePasskey(
  visit: AccountVisit,
  dependencies: AccountDependencies,
  { error, status = 200 }: { error?: string; status?: number } = {},
): Promise<void> {
  const passkey = await findPasskey(visit, dependencies);
  const model = {
    title: 'Name your passkey',
    name: passkey.name,
    error,
    action: passkeyAddress(visit, passkey, RENAME_PASSKEY),
  };
  showPage(visit, dependencies, 'account/passkey-name', model, { status });
}

export async function renamePasskey(
  visit: AccountVisit,
  form: RequestParameters,
  dependencies: AccountDependencies,
): Promise<void> {
  const { credentialId } = await findPasskey(visit, dependencies);
  const name = (singleValue(form.name) ?? '').replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '').trim();
  if (name === '' || name.length > LONGEST_NAME) {
    const error = `Enter a name of ${LONGEST_NAME} characters at most.`;
    return showRenamePasskey(visit, dependencies, { error, status: 400 });
  }
  await dependencies.passkeys.store.rename(visit.person.id, credentialId, name, originOf(visit.ctx.req));
  goHome(visit, DONE.passkeyRenamed);
}

export async function showRemovePasskey(
  visit: AccountVisit,
  dependencies: AccountDependencies,
): Promise<void> {
  const passkey = await findPasskey(visit, dependencies);
  showConfirmation(
    visit,
    dependencies,
    REMOVE_PASSKEY.replace(':passkey', passkey.credentialId.toString('base64url')),
    {
      title: 'Remove a passkey?',
      text: `“${passkey.name}” does not sign you in any more then. It stays on your device until you delete it there.`,
      button: 'Remove the passkey',
    },
  );
}

export async function removePasskey(
  visit: AccountVisit,
  _form: RequestParameters,
  dependencies: AccountDependencies,
): Promise<void> {
  const { credentialId } = await findPasskey(visit, dependencies);
  const origin = originOf(visit.ctx.req);
  const removed = await dependencies.passkeys.store.remove(visit.person.id, credentialId, origin);
  goHome(visit, removed === undefined ? undefined : DONE.factorRemoved);
}

/** Whether the instance lets its people have passkeys, and browsers take them for this server's address. */
export function mayHavePasskeys({ instance }: AccountVisit, { passkeys }: AccountDependencies): boolean {
  return passkeys.usable && policyHere(instance).passkeys !== 'off';
}

/** @throws HttpError 404 for a passkey that is not one of this person's. */
async function findPasskey(
  { ctx, person }: AccountVisit,
  { passkeys }: AccountDependencies,
): Promise<Passkey> {
  const own = await passkeys.store.list(person.id);
  const found = own.find(({ credentialId }) => credentialId.toString('base64url') === ctx.params.passkey);
  if (!found) throw nothingHere();
  return found;
}
