import type { PersonStore } from '../accounts/person-store.ts';
import type { ClientStore } from '../clients/client-store.ts';
import type { Csrf } from '../http/csrf.ts';
import type { Views } from '../http/views.ts';
import type { InstanceStore } from '../instances/instance-store.ts';
import type { LiveProvider } from '../oidc/live-provider.ts';

/** What signing out uses. Each step takes of it what it needs. */
export interface SignOutDependencies {
  live: Pick<LiveProvider, 'current'>;
  instances: InstanceStore;
  clients: ClientStore;
  people: PersonStore;
  views: Views;
  csrf: Csrf;
  /** Whether the issuer is https: the names of session cookies depend on it. */
  https: boolean;
}
