import {
  createOwnPasswordStore,
  type OwnPasswordStore,
} from '../authentication/password/own-password-store.ts';
import {
  type AllowedApplicationStore,
  createAllowedApplicationStore,
} from '../grants/allowed-application-store.ts';
import type { Notices } from '../mail/notices.ts';
import { createOwnSessionStore, type OwnSessionStore } from '../sessions/own-session-store.ts';
import type { Foundation } from './foundation.ts';

/** The stores of the pages about one's own account. */
export interface AccountParts {
  ownSessions: OwnSessionStore;
  allowedApplications: AllowedApplicationStore;
  ownPasswords: OwnPasswordStore;
}

export function composeAccount({
  database: { knex },
  databaseTime,
  notices,
}: Pick<Foundation, 'database' | 'databaseTime'> & { notices: Notices }): AccountParts {
  return {
    ownSessions: createOwnSessionStore(knex, databaseTime),
    allowedApplications: createAllowedApplicationStore(knex, databaseTime),
    ownPasswords: createOwnPasswordStore(knex, notices),
  };
}
