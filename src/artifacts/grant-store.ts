import type { Person } from '../accounts/person.ts';
import type { Queryable } from '../platform/database.ts';

/** One authorization: what a person allowed a client in one sign-in. Its codes and tokens live no longer than it. */
export interface Grant {
  id: string;
  personId: string;
  clientId: string;
  /** The browser session it was given in; signing out there ends it. */
  sessionUid: string;
  payload: Record<string, unknown>;
  expiresAt: Date;
}

/** What whoever uses a code or token needs, loaded together with it. */
export interface FoundGrant {
  id: string;
  payload: Record<string, unknown>;
  /** Who gave it; undefined when they are disabled. */
  person: Person | undefined;
}

export interface GrantStore {
  find(id: string): Promise<Record<string, unknown> | undefined>;
  /** Ends a grant and, by the tables' references, every code and token that came of it. */
  revoke(id: string): Promise<void>;
}

export function createGrantStore(db: Queryable): GrantStore {
  return {
    async find(id) {
      const row = await db('grants').where({ id }).first('payload');
      return row?.payload;
    },
    async revoke(id) {
      await db('grants').where({ id }).delete();
    },
  };
}
