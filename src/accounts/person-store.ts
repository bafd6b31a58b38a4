import { actsFor, comesFrom, type Origin } from '../audit/record.ts';
import type { Queryable } from '../platform/database.ts';
import { type Factors, factorsJson } from './factor-store.ts';
import type { Person } from './person.ts';

export interface PersonStore {
  /** An enabled person, or undefined. */
  find(id: string): Promise<Person | undefined>;
  /**
   * The one form of all spellings of an address. Only the database makes it (`canonical_address`), because people are
   * registered with SQL.
   */
  canonicalAddress(email: string): Promise<string>;
  /** Whether an enabled person has this address, in whatever spelling. */
  hasAddress(id: string, email: string): Promise<boolean>;
  /** The person with this identity at an upstream provider: found by issuer and subject, never by e-mail address. */
  findByUpstreamIdentity(
    identity: UpstreamIdentity,
  ): Promise<{ id: string; disabled: boolean; factors: Factors } | undefined>;
  /**
   * Creates a person for an upstream identity. If two first sign-ins run in parallel, one creates the person and both
   * return the same id.
   */
  createFromUpstream(identity: UpstreamIdentity, profile: UpstreamProfile, origin: Origin): Promise<string>;
  /**
   * Overwrites the columns that the upstream provider fills at each sign-in. A profile that is not complete leaves the
   * columns that it does not fill.
   */
  updateFromUpstream(
    id: string,
    profile: UpstreamProfile,
    how: { complete: boolean; origin: Origin },
  ): Promise<void>;
}

export interface UpstreamIdentity {
  instanceId: string;
  issuer: string;
  subject: string;
}

export interface UpstreamProfile {
  email: string | null;
  emailVerified: boolean;
  name: string | null;
  firstName: string | null;
  lastName: string | null;
  workerProfileId: string | null;
}

/**
 * The enabled person whose id is the SQL expression `id`, with their worker and user records; NULL if there is none.
 * The triggers `note_claim_change` and `note_claim_row` keep `updated_at`.
 * The expression is part of another store's query, so that a person costs no query of their own. It uses the primary
 * keys of all three tables. `readPerson` reads the value.
 */
export function personJson(id: string): string {
  return `(
    SELECT jsonb_build_object(
      'id', p.id, 'instanceId', p.instance_id, 'email', p.email, 'emailVerified', p.email_verified, 'name', p.name,
      'firstName', p.first_name, 'lastName', p.last_name, 'workerProfileId', p.worker_profile_id,
      'updatedAt', floor(extract(epoch FROM coalesce(p.updated_at, p.created_at))), 'workerIds', ARRAY(SELECT worker_id FROM worker_ids WHERE person_id = p.id ORDER BY worker_id),
      'userIds', coalesce((SELECT jsonb_agg(jsonb_build_object('id', u.id, 'clientId', u.client_id) ORDER BY u.id)
                           FROM user_records u WHERE u.person_id = p.id), '[]'))
    FROM people p WHERE p.id = ${id} AND p.disabled_at IS NULL)`;
}

export function readPerson(json: Person | null | undefined): Person | undefined {
  return json ?? undefined;
}

/**
 * SQL for the id of a person who may begin something now: found by `:personId`, and by `:passwordFingerprint` of the
 * password they just signed in with ('' without a password). Each factor that they proved as well, in `:provenFactors`,
 * must still be theirs. The query locks the person. Disabling the person or changing the password waits for that lock,
 * and then the trigger `end_sign_ins` ends everything that was begun.
 */
export const PERSON_SIGNING_IN = `
  SELECT id FROM people
  WHERE id = :personId AND disabled_at IS NULL
    AND :passwordFingerprint::text IN ('', password_fingerprint(password_hash, password_rehashed))
    AND (cardinality(:provenFactors::text[]) = 0 OR has_factors(id, :provenFactors::text[]))
  FOR SHARE`;

/** The values of `PERSON_SIGNING_IN`. */
export interface PersonSigningIn {
  personId: string;
  passwordFingerprint: string;
  provenFactors: readonly string[];
}

/** The trigger `audit_person` tells the audit trail of every change, whichever way it comes. */
export function createPersonStore(db: Queryable): PersonStore {
  const columns = (profile: UpstreamProfile) => ({
    email: profile.email,
    email_verified: profile.emailVerified,
    name: profile.name,
    first_name: profile.firstName,
    last_name: profile.lastName,
    worker_profile_id: profile.workerProfileId,
  });

  return {
    async find(id) {
      const { rows } = await db.raw<{ rows: { person: Person | null }[] }>(
        `SELECT ${personJson('?')} AS person`,
        [id],
      );
      return readPerson(rows[0]?.person);
    },

    async canonicalAddress(email) {
      const { rows } = await db.raw<{ rows: { address: string }[] }>(
        'SELECT canonical_address(?) AS address',
        [email],
      );
      return rows[0]?.address ?? '';
    },

    async hasAddress(id, email) {
      const row = await db('people')
        .where({ id, disabled_at: null })
        .whereRaw('canonical_address(email) = canonical_address(?)', [email])
        .first('id');
      return row !== undefined;
    },

    async findByUpstreamIdentity({ instanceId, issuer, subject }) {
      const row = await db('upstream_identities as u')
        .join('people as p', 'p.id', 'u.person_id')
        .where({
          'u.instance_id': instanceId,
          'u.issuer': issuer,
          'u.subject': subject,
          'p.instance_id': instanceId,
        })
        .first('p.id', 'p.disabled_at', db.raw(`${factorsJson('p.id')} AS factors`));
      return row && { id: row.id, disabled: row.disabled_at !== null, factors: row.factors };
    },

    async createFromUpstream({ instanceId, issuer, subject }, profile, origin) {
      return db.transaction(async (trx) => {
        await actsFor(trx, origin);
        const [person] = await trx('people')
          .insert({ instance_id: instanceId, ...columns(profile) })
          .returning('id');
        const identity = { instance_id: instanceId, issuer, subject };
        const taken = await trx('upstream_identities')
          .insert({ ...identity, person_id: person.id })
          .onConflict()
          .ignore()
          .returning('person_id');
        if (taken.length > 0) return person.id;
        await trx('people').where({ id: person.id }).delete();
        const winner = await trx('upstream_identities').where(identity).first('person_id');
        return winner.person_id;
      });
    },

    async updateFromUpstream(id, profile, { complete, origin }) {
      // A person with a password signs in with this address, and it is unique.
      const unlessPassword = (column: string, value: unknown) =>
        db.raw('CASE WHEN password_hash IS NULL THEN ? ELSE ?? END', [value as never, column]);
      const { email, email_verified, ...others } = columns(profile);
      const filled = Object.entries(others).filter(([, value]) => complete || value !== null);
      const address = {
        email: unlessPassword('email', email),
        email_verified: unlessPassword('email_verified', email_verified),
      };
      const update = { ...Object.fromEntries(filled), ...(complete || email !== null ? address : {}) };
      if (Object.keys(update).length === 0) return;
      await db('people')
        .where({ id })
        .whereRaw(...comesFrom(origin))
        .update(update);
    },
  };
}
