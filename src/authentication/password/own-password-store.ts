import { comesFrom, type Origin } from '../../audit/record.ts';
import type { Queryable } from '../../platform/database.ts';

/** Changes the password of somebody who is signed in. */
export interface OwnPasswordStore {
  /**
   * Sets a new password while the session goes on and the person has a password. It signs them out everywhere
   * (`end_sign_ins_on_new_password`), so of several changes in one session one happens. The person is told by mail.
   */
  change(
    change: { personId: string; sessionUid: string; passwordHash: string },
    origin: Origin,
  ): Promise<boolean>;
}

/** Tells a person that their password was changed, in the transaction of the change. */
export interface PasswordNotices {
  passwordChanged(db: Queryable, personId: string): Promise<void>;
}

export function createOwnPasswordStore(db: Queryable, notices: PasswordNotices): OwnPasswordStore {
  return {
    change: ({ personId, sessionUid, passwordHash }, origin) =>
      db.transaction(async (trx) => {
        const person = await trx('people')
          .where({ id: personId, disabled_at: null })
          .whereNotNull('password_hash')
          .forNoKeyUpdate()
          .first('id');
        // Another change that came first has ended the session.
        const session = await trx('sessions')
          .where({ uid: sessionUid, person_id: personId })
          .where('expires_at', '>', trx.fn.now())
          .first('uid');
        if (!person || !session) return false;
        await trx('people')
          .where({ id: personId })
          .whereRaw(...comesFrom(origin))
          .update({ password_hash: passwordHash });
        await notices.passwordChanged(trx, personId);
        return true;
      }),
  };
}
