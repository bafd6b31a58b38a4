import { createPasskeyAuthenticator, type PasskeyAuthenticator } from './passkey-authenticator.ts';
import { createPasskeyRegistrar, type PasskeyRegistrar } from './passkey-registrar.ts';
import type { PasskeyStore } from './passkey-store.ts';
import { relyingPartyOf } from './relying-party.ts';

/** Everything about passkeys, for the edges. */
export interface Passkeys {
  store: PasskeyStore;
  authenticator: PasskeyAuthenticator;
  registrar: PasskeyRegistrar;
  /** Whether browsers take passkeys for the issuer's address. */
  usable: boolean;
}

export function createPasskeys({
  issuer,
  store,
  ...parts
}: { issuer: string; store: PasskeyStore } & Omit<
  Parameters<typeof createPasskeyAuthenticator>[0],
  'relyingParty' | 'passkeys'
>): Passkeys {
  const relyingParty = relyingPartyOf(issuer);
  const all = { ...parts, relyingParty, passkeys: store };
  return {
    store,
    authenticator: createPasskeyAuthenticator(all),
    registrar: createPasskeyRegistrar(all),
    usable: relyingParty.usable,
  };
}
