import { createGuessStore } from '../../../src/authentication/guesses/guess-store.ts';
import { createGuesses, UNLIMITED_GUESSES } from '../../../src/authentication/guesses/guesses.ts';
import {
  createPasskeyAuthenticator,
  type PasskeyAuthenticator,
} from '../../../src/authentication/passkey/passkey-authenticator.ts';
import {
  createPasskeyRegistrar,
  type PasskeyRegistrar,
} from '../../../src/authentication/passkey/passkey-registrar.ts';
import { createPasskeyStore, type PasskeyStore } from '../../../src/authentication/passkey/passkey-store.ts';
import { relyingPartyOf } from '../../../src/authentication/passkey/relying-party.ts';
import type { Queryable } from '../../../src/platform/database.ts';
import type { Clock } from '../../../src/platform/time/clock.ts';

export const ORIGIN = 'https://id.test';
/** Where requests come from. */
export const FROM = { address: '192.0.2.1', requestId: 'request-1' };

/** The parts about passkeys, on a database. */
export function passkeyParts(
  db: Queryable,
  {
    clock,
    failuresPerMinute = 0,
    origin = ORIGIN,
  }: { clock: Clock; failuresPerMinute?: number; origin?: string },
): {
  passkeys: PasskeyStore;
  authenticator: PasskeyAuthenticator;
  registrar: PasskeyRegistrar;
  told: readonly string[];
} {
  const told: string[] = [];
  const tell = (words: string) => async (_db: Queryable, personId: string, what: string) => {
    told.push(`${personId} ${words} ${what}`);
  };
  const passkeys = createPasskeyStore(db, { factorAdded: tell('has'), factorRemoved: tell('lost') });
  const parts = {
    relyingParty: relyingPartyOf(origin),
    passkeys,
    keys: ['a key that signs challenges'],
    clock,
  };
  const guesses = failuresPerMinute === 0 ? UNLIMITED_GUESSES : createGuesses(createGuessStore(db));
  return {
    told,
    passkeys,
    authenticator: createPasskeyAuthenticator({ ...parts, guesses, failuresPerMinute }),
    registrar: createPasskeyRegistrar(parts),
  };
}
