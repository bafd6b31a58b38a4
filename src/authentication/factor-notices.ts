import type { Queryable } from '../platform/database.ts';

/** Tells a person what was added to their ways of signing in, or taken from them, in the transaction of the change. */
export interface FactorNotices {
  /** `what` as it stands in the sentence "You can now sign in with …". */
  factorAdded(db: Queryable, personId: string, what: string): Promise<void>;
  factorRemoved(db: Queryable, personId: string, what: string): Promise<void>;
}
