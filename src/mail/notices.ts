import type { Queryable } from '../platform/database.ts';
import type { Mail } from './mail.ts';
import type { OutgoingMailStore } from './outgoing-mail-store.ts';

/**
 * Tells a person by mail what was changed about how they sign in. Each takes the transaction of the change, so that the
 * person hears of it exactly when it happened.
 */
export interface Notices {
  /** `what` as it stands in the sentence "You can now sign in with …": `a passkey`. */
  factorAdded(db: Queryable, personId: string, what: string): Promise<void>;
  factorRemoved(db: Queryable, personId: string, what: string): Promise<void>;
  passwordChanged(db: Queryable, personId: string): Promise<void>;
  /** Goes to the address from before. */
  addressChanged(
    db: Queryable,
    personId: string,
    { from, address }: { from: string; address: string },
  ): Promise<void>;
}

export function createNotices(outgoing: Pick<OutgoingMailStore, 'queue'>): Notices {
  const queue = (db: Queryable, mail: Mail) => outgoing.queue(db, mail);
  return {
    factorAdded: (db, personId, what) => queue(db, { template: 'factor_added', personId, data: { what } }),
    factorRemoved: (db, personId, what) =>
      queue(db, { template: 'factor_removed', personId, data: { what } }),
    passwordChanged: (db, personId) => queue(db, { template: 'password_changed', personId, data: {} }),
    addressChanged: (db, personId, { from, address }) =>
      queue(db, { template: 'address_changed', personId, to: from, data: { address } }),
  };
}
