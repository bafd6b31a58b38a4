import type { PersonStore } from '../accounts/person-store.ts';
import type { ClientStore } from '../clients/client-store.ts';
import type { Csrf } from '../http/pages/csrf.ts';
import type { Views } from '../http/pages/views.ts';
import type { InstanceStore } from '../instances/instance-store.ts';
import type { IdTokenHints } from '../oidc/id-token-hint.ts';
import type { LiveProvider } from '../oidc/live-provider.ts';
import type { SessionStore } from '../sessions/session-store.ts';

/** The services for signing out. Each step takes those it needs. */
export interface SignOutDependencies {
  issuer: string;
  live: Pick<LiveProvider, 'current'>;
  hints: IdTokenHints;
  instances: InstanceStore;
  clients: ClientStore;
  people: PersonStore;
  sessions: Pick<SessionStore, 'endOf'>;
  views: Views;
  csrf: Csrf;
  /** Whether the issuer is https, which changes the names of session cookies. */
  https: boolean;
}
