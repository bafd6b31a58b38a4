import { createFactorStore, type FactorStore } from '../accounts/factor-store.ts';
import type { FactorNotices } from '../authentication/factor-notices.ts';
import type { Guesses } from '../authentication/guesses/guesses.ts';
import type { Proof } from '../authentication/proof.ts';
import {
  createRecoveryCodeStore,
  type RecoveryCodeStore,
} from '../authentication/recovery-codes/recovery-code-store.ts';
import {
  type CodeAuthenticator,
  createCodeAuthenticator,
} from '../authentication/totp/code-authenticator.ts';
import { createTotpSetUp, type TotpSetUp } from '../authentication/totp/totp-set-up.ts';
import { createTotpStore, type TotpStore } from '../authentication/totp/totp-store.ts';
import type { Config } from '../config.ts';
import { createBoxFor } from '../platform/secrets/secret-box.ts';
import { createPendingSignInStore, type PendingSignInStore } from '../sessions/pending-sign-in-store.ts';
import type { Foundation } from './foundation.ts';

/** The means of people to prove more than a password, and sign-ins that wait for them. */
export interface FactorParts {
  factors: FactorStore;
  totp: TotpStore;
  totpSetUp: TotpSetUp;
  recoveryCodes: RecoveryCodeStore;
  codes: CodeAuthenticator;
  pendingSignIns: PendingSignInStore<Proof>;
}

export function composeFactors(
  {
    database: { knex },
    databaseTime,
    box,
    clock,
    notices,
    guesses,
  }: Pick<Foundation, 'database' | 'databaseTime' | 'box' | 'clock'> & {
    notices: FactorNotices;
    guesses: Guesses;
  },
  { secrets, failuresPerMinute }: Pick<Config, 'secrets' | 'failuresPerMinute'>,
): FactorParts {
  const totp = createTotpStore(knex, { box, notices });
  const recoveryCodes = createRecoveryCodeStore(knex);
  return {
    factors: createFactorStore(knex),
    totp,
    totpSetUp: createTotpSetUp({ totp, box: createBoxFor('totp set-up', secrets.keyEncryptionKeys), clock }),
    recoveryCodes,
    codes: createCodeAuthenticator({ totp, recoveryCodes, guesses, failuresPerMinute, clock }),
    pendingSignIns: createPendingSignInStore(knex, clock, databaseTime),
  };
}
