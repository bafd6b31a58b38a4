import { ADDRESS } from '../address.ts';
import type { AccountDependencies } from '../dependencies.ts';
import { agoInWords, dateInWords } from '../moment-in-words.ts';
import { hasPassword, PASSWORD } from '../password.ts';
import { type AccountVisit, addressIn } from '../visit.ts';
import { APP, mayHaveApp, REMOVE_APP } from './authenticator-app.ts';
import { ADD_PASSKEY, mayHavePasskeys, passkeyAddress, REMOVE_PASSKEY, RENAME_PASSKEY } from './passkeys.ts';
import { RECOVERY_CODES } from './recovery-codes.ts';

/** The ways in which a person signs in here, with the addresses at which they change each. */
export async function shownFactors(visit: AccountVisit, dependencies: AccountDependencies): Promise<object> {
  const { factors, totp, passkeys, clock } = dependencies;
  const { id } = visit.person;
  const [own, app, keys] = await Promise.all([factors.of(id), totp.find(id), passkeys.store.list(id)]);
  const used = (at: Date | null) => (at ? agoInWords(at, clock.now()) : undefined);
  const changesPassword = await hasPassword(visit, dependencies);
  return {
    changePassword: changesPassword ? addressIn(visit, PASSWORD) : undefined,
    email: visit.person.email,
    changeAddress: changesPassword && dependencies.sendsMail ? addressIn(visit, ADDRESS) : undefined,
    app: app && { since: dateInWords(app.createdAt), used: used(app.lastUsedAt) },
    addApp: !app && mayHaveApp(visit) ? addressIn(visit, APP) : undefined,
    removeApp: addressIn(visit, REMOVE_APP),
    passkeys: keys.map((passkey) => ({
      name: passkey.name,
      since: dateInWords(passkey.createdAt),
      used: used(passkey.lastUsedAt),
      rename: passkeyAddress(visit, passkey, RENAME_PASSKEY),
      remove: passkeyAddress(visit, passkey, REMOVE_PASSKEY),
    })),
    addPasskey: mayHavePasskeys(visit, dependencies) ? addressIn(visit, ADD_PASSKEY) : undefined,
    recoveryCodes: app || keys.length > 0 ? String(own.recoveryCodes) : undefined,
    newCodes: addressIn(visit, RECOVERY_CODES),
  };
}
