import { lockFactorsOf } from '../../accounts/factor-store.ts';
import type { Queryable } from '../../platform/database.ts';

/** A person as commands name them. */
export interface NamedPerson {
  id: string;
  instance_id: string;
  email: string | null;
  name: string | null;
  disabled_at: Date | null;
  password: boolean;
}

export interface NewPerson {
  instanceId: string;
  email: string;
  name: string | null;
  passwordHash: string | null;
}

/** A way of proving who one is, beside the password. */
export interface ListedFactor {
  /** The name that `--remove` takes. */
  factor: string;
  kind: 'app' | 'passkey';
  name: string | null;
  created_at: Date;
  last_used_at: Date | null;
}

/** Operators read and change people by it. The triggers of the tables end what depends on it, and audit it. */
export interface PersonAdminStore {
  /** The people whom a word names: an id, or an address in whatever spelling; in one instance, if it is given. */
  find(word: string, instanceId: string | undefined): Promise<NamedPerson[]>;
  /** How the people of an instance sign in; undefined where there is no such instance. */
  instance(id: string): Promise<{ name: string; authentication: 'password' | 'oidc' } | undefined>;
  create(person: NewPerson): Promise<string>;
  /** False when nothing changed. */
  disable(id: string): Promise<boolean>;
  enable(id: string): Promise<boolean>;
  setPassword(id: string, passwordHash: string | null): Promise<void>;
  /** The sessions that go on, the latest first. */
  sessions(id: string): Promise<Record<string, unknown>[]>;
  /** Ends all sessions of a person, or the one with this id, and what was allowed in them. Returns how many. */
  signOut(id: string, uid: string | undefined): Promise<number>;
  factors(id: string): Promise<ListedFactor[]>;
  /** Removes one of `factors`, and says how a mail names it; undefined when it is gone. */
  removeFactor(id: string, factor: ListedFactor): Promise<string | undefined>;
}

/** The beginning of a passkey's id, which tells one of a person's few from another. */
const PASSKEY = "'passkey-' || left(encode(credential_id, 'hex'), 12)";

export function createPersonAdminStore(db: Queryable): PersonAdminStore {
  return {
    find(word, instanceId) {
      const query = db('people')
        .select('id', 'instance_id', 'email', 'name', 'disabled_at')
        .select(db.raw('password_hash IS NOT NULL AS password'))
        .orderBy('instance_id')
        .limit(10);
      if (instanceId !== undefined) query.where({ instance_id: instanceId });
      return word.includes('@')
        ? query.whereRaw('canonical_address(email) = canonical_address(?)', [word])
        : query.where({ id: word });
    },

    instance: (id) => db('instances').where({ id }).first('name', 'authentication'),

    async create({ instanceId, email, name, passwordHash }) {
      const [row] = await db('people')
        .insert({ instance_id: instanceId, email, name, password_hash: passwordHash })
        .returning('id');
      return row.id;
    },

    async disable(id) {
      const changed = await db('people')
        .where({ id, disabled_at: null })
        .update({ disabled_at: db.fn.now() });
      return changed === 1;
    },

    async enable(id) {
      return (
        (await db('people').where({ id }).whereNotNull('disabled_at').update({ disabled_at: null })) === 1
      );
    },

    async setPassword(id, passwordHash) {
      await db('people').where({ id }).update({ password_hash: passwordHash });
    },

    sessions(id) {
      return db('sessions')
        .where({ person_id: id })
        .where('expires_at', '>', db.fn.now())
        .orderByRaw('coalesce(last_seen_at, created_at) DESC, uid')
        .select('uid', 'user_agent', 'created_at', 'last_seen_at', 'expires_at');
    },

    signOut(id, uid) {
      const query = db('sessions').where({ person_id: id }).where('expires_at', '>', db.fn.now());
      if (uid !== undefined) query.where({ uid });
      return query.delete();
    },

    async factors(id) {
      const { rows } = await db.raw<{ rows: ListedFactor[] }>(
        `SELECT 'app' AS factor, 'app' AS kind, NULL AS name, created_at, last_used_at FROM totp_factors WHERE person_id = :id
         UNION ALL
         SELECT ${PASSKEY}, 'passkey', name, created_at, last_used_at FROM passkeys WHERE person_id = :id
         ORDER BY created_at, factor`,
        { id },
      );
      return rows;
    },

    async removeFactor(id, { factor, kind }) {
      const ofPerson = { person_id: id };
      await lockFactorsOf(db, id);
      const removed =
        kind === 'app'
          ? await db('totp_factors').where(ofPerson).delete()
          : await db('passkeys').where(ofPerson).whereRaw(`${PASSKEY} = ?`, [factor]).delete();
      if (removed === 0) return undefined;
      return kind === 'app' ? 'codes from an authenticator app' : 'a passkey';
    },
  };
}
