import type { FactorStore } from '../accounts/factor-store.ts';
import type { NewPasswords } from '../accounts/new-password.ts';
import type { Passkeys } from '../authentication/passkey/passkeys.ts';
import type { OwnPasswordStore } from '../authentication/password/own-password-store.ts';
import type { RecoveryCodeStore } from '../authentication/recovery-codes/recovery-code-store.ts';
import type { TotpSetUp } from '../authentication/totp/totp-set-up.ts';
import type { TotpStore } from '../authentication/totp/totp-store.ts';
import type { AllowedApplicationStore } from '../grants/allowed-application-store.ts';
import type { AskingBrowser } from '../http/pages/asking-browser.ts';
import type { Csrf } from '../http/pages/csrf.ts';
import type { Views } from '../http/pages/views.ts';
import type { InstanceStore } from '../instances/instance-store.ts';
import type { AddressChanges } from '../mail/links/address-changes.ts';
import type { LiveProvider } from '../oidc/live-provider.ts';
import type { SealedRequests } from '../oidc/requests/sealed-requests.ts';
import type { Clock } from '../platform/time/clock.ts';
import type { OwnSessionStore } from '../sessions/own-session-store.ts';
import type { SessionStore } from '../sessions/session-store.ts';

/** The services of the pages about one's own account. Each takes those it needs. */
export interface AccountDependencies {
  issuer: string;
  live: Pick<LiveProvider, 'current'>;
  sealedRequests: SealedRequests;
  instances: InstanceStore;
  sessions: Pick<SessionStore, 'endOf'>;
  ownSessions: OwnSessionStore;
  allowedApplications: AllowedApplicationStore;
  factors: FactorStore;
  totp: TotpStore;
  totpSetUp: TotpSetUp;
  recoveryCodes: RecoveryCodeStore;
  passkeys: Passkeys;
  newPasswords: NewPasswords;
  ownPasswords: OwnPasswordStore;
  /** Changes of address need mail. */
  sendsMail: boolean;
  addressChanges: AddressChanges;
  askingBrowser: AskingBrowser;
  views: Views;
  csrf: Csrf;
  clock: Clock;
  /** Whether the issuer is https, which changes the names of session cookies. */
  https: boolean;
}
