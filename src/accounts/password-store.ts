import type { Queryable } from '../platform/database.ts';
import { prepare } from '../platform/postgres/statements/prepared-statement.ts';
import { type Factors, factorsJson } from './factor-store.ts';

/** The hashes of people's passwords. */
export interface PasswordStore {
  /**
   * For sign-in: the person with this address in this instance, and the hash of their password. If two people from
   * before share an address, the spelling chooses, and then the age. With it come the parameters of everybody's hashes,
   * in one round trip.
   */
  find(instanceId: string, email: string): Promise<FoundPassword>;
  /**
   * Replaces the hash of a password by another hash of the same password, which ends no session. Does nothing if the
   * person has another hash by now.
   */
  replaceHash(id: string, hashes: { from: string; to: string }): Promise<void>;
}

export interface FoundPassword {
  found: Credentials | undefined;
  /** The different parameters of all hashes, as hashes name them; the first few of many. */
  parametersInUse: readonly string[];
}

export interface Credentials {
  id: string;
  passwordHash: string;
  /** Stays the same when the hash is replaced by another one of the same password. */
  passwordFingerprint: string;
  disabled: boolean;
  factors: Factors;
}

/** As many kinds of parameters are told apart. */
const MOST_PARAMETERS = 8;

/** The parameters come from the index `people_password_parameters`: one look for each that is in use. */
const findPassword = prepare<
  { parameters: string[]; person: Credentials | null },
  { instanceId: string; email: string }
>(
  'find_password',
  `
  WITH RECURSIVE in_use (parameters) AS (
    (SELECT split_part(password_hash, '$', 4) FROM people WHERE password_hash IS NOT NULL
     ORDER BY split_part(password_hash, '$', 4) LIMIT 1)
    UNION ALL
    SELECT (SELECT split_part(password_hash, '$', 4) FROM people
            WHERE password_hash IS NOT NULL AND split_part(password_hash, '$', 4) > in_use.parameters
            ORDER BY split_part(password_hash, '$', 4) LIMIT 1)
    FROM in_use WHERE in_use.parameters IS NOT NULL
  ), person AS (
    SELECT jsonb_build_object('id', id, 'passwordHash', password_hash,
      'passwordFingerprint', password_fingerprint(password_hash, password_rehashed),
      'disabled', disabled_at IS NOT NULL, 'factors', ${factorsJson('id')}) AS credentials
    FROM people
    WHERE instance_id = :instanceId AND password_hash IS NOT NULL
      AND canonical_address(email) = canonical_address(:email)
    ORDER BY lower(email) = lower(:email) DESC, created_at, id LIMIT 1
  )
  SELECT ARRAY(SELECT parameters FROM in_use WHERE parameters IS NOT NULL LIMIT ${MOST_PARAMETERS}) AS parameters,
    (SELECT credentials FROM person) AS person`,
);

/** The password stays the same, and so does its fingerprint; the trigger `end_sign_ins` compares that. */
const replaceHash = prepare<never, { id: string; from: string; to: string }>(
  'replace_password_hash',
  `
  UPDATE people SET password_hash = :to,
    password_rehashed = encode(sha256(convert_to(:to, 'UTF8')), 'hex') || ':' || password_fingerprint(password_hash, password_rehashed)
  WHERE id = :id AND password_hash = :from`,
);

export function createPasswordStore(db: Queryable): PasswordStore {
  return {
    async find(instanceId, email) {
      const { rows } = await findPassword(db, { instanceId, email });
      const [row] = rows;
      return { parametersInUse: row?.parameters ?? [], found: row?.person ?? undefined };
    },

    async replaceHash(id, { from, to }) {
      await replaceHash(db, { id, from, to });
    },
  };
}
