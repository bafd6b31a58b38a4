import type { Provider } from 'oidc-provider';
import type { FactorStore } from '../accounts/factor-store.ts';
import type { PersonStore } from '../accounts/person-store.ts';
import type { Refusals } from '../audit/refusals.ts';
import type { Passkeys } from '../authentication/passkey/passkeys.ts';
import type { PasswordAuthenticator } from '../authentication/password/password-authenticator.ts';
import type { Proof } from '../authentication/proof.ts';
import type { CodeAuthenticator } from '../authentication/totp/code-authenticator.ts';
import type { TotpSetUp } from '../authentication/totp/totp-set-up.ts';
import type { UpstreamAuthenticator } from '../authentication/upstream/upstream-authenticator.ts';
import type { ArtifactStore } from '../grants/artifact-store.ts';
import type { ConsentStore } from '../grants/consent-store.ts';
import type { Csrf } from '../http/pages/csrf.ts';
import type { Views } from '../http/pages/views.ts';
import type { InstanceStore } from '../instances/instance-store.ts';
import type { IdTokenHints } from '../oidc/id-token-hint.ts';
import type { SealedRequests } from '../oidc/requests/sealed-requests.ts';
import type { Logger } from '../platform/log/logger.ts';
import type { Clock } from '../platform/time/clock.ts';
import type { PendingSignInStore } from '../sessions/pending-sign-in-store.ts';
import type { UpstreamSignInStore } from '../sessions/upstream-sign-in-store.ts';
import type { KnownBrowsers } from './browsers/known-browser.ts';

/** The services of all pages. Each step takes those it needs. */
export interface InteractionDependencies {
  issuer: string;
  /** Whether browsers reach the issuer by https, so that cookies are marked as secure. */
  https: boolean;
  provider: () => Provider;
  hints: IdTokenHints;
  sealedRequests: SealedRequests;
  instances: InstanceStore;
  artifacts: ArtifactStore;
  people: PersonStore;
  consents: ConsentStore;
  upstreamSignIns: UpstreamSignInStore;
  pendingSignIns: PendingSignInStore<Proof>;
  /** Reads the means that people have at this moment. */
  factors: FactorStore;
  totpSetUp: TotpSetUp;
  codes: CodeAuthenticator;
  passwords: PasswordAuthenticator;
  passkeys: Passkeys;
  upstream: UpstreamAuthenticator;
  knownBrowsers: KnownBrowsers;
  /** Whether this server sends mail, so that somebody who forgot the password can have a new one. */
  sendsMail: boolean;
  refusals: Refusals;
  views: Views;
  csrf: Csrf;
  logger: Logger;
  clock: Clock;
}
