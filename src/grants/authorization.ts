import type { Person } from '../accounts/person.ts';
import { personJson, readPerson } from '../accounts/person-store.ts';
import { mayHaveScope } from '../clients/allowed-now.ts';
import type { Client } from '../clients/client.ts';
import { type DpopProof, PROOF_LIFETIME_SECONDS } from '../clients/dpop-proof.ts';
import { proofHash } from '../clients/used-proof-store.ts';
import type { DatabaseTime } from '../platform/time/database-time.ts';
import { fromRow, type Payload } from '../platform/time/payload-times.ts';

/** Everything that tokens are made from: the person, the scopes they allowed, and the client's request. */
export interface Authorization {
  person: Person;
  grant: { id: string; payload: Payload; expiresAt: Date };
  /** The members of a code or a refresh family. */
  payload: Payload;
}

/** The parts of a client that a redeeming or rotating statement compares with stored values. */
export interface RedeemingClient {
  id: string;
  instanceId: string;
  refreshTokenTtlSeconds: number;
}

/**
 * Members that the payload of a code or a refresh family may have. A row with another member is bound to something
 * that this release does not know, so no statement matches it. A new member enters this list one release before the
 * first row has it.
 */
const KNOWN_MEMBERS = [
  'kind accountId clientId grantId sessionUid scope claims nonce acr amr authTime',
  'jkt gty iat exp iiat rotations expiresWithSession',
].flatMap((names) => names.split(' '));

/** SQL that holds while `payload` has no member but the known ones and `more`. */
export function hasOnlyKnownMembers(payload: string, more: readonly string[] = []): string {
  return `${payload} - ${sqlArray([...KNOWN_MEMBERS, ...more])} = '{}'`;
}

/** The same check for a row that was read. */
export function isKnown(payload: Payload, more: readonly string[] = []): boolean {
  return Object.keys(payload).every((name) => KNOWN_MEMBERS.includes(name) || more.includes(name));
}

/** Member names as an SQL array. */
export function sqlArray(names: readonly string[]): string {
  return `'{${names.join(',')}}'::text[]`;
}

/** SQL that holds for a grant `g` whose person may sign in at the instance `:instanceId`. */
export const PERSON_MAY_SIGN_IN =
  'EXISTS (SELECT FROM people p WHERE p.id = g.person_id AND p.disabled_at IS NULL AND p.instance_id = :instanceId)';

/**
 * Columns of `rows`, which have `payload`, `grant_id`, `grant_payload`, `grant_expires_at` and `person_id`.
 * `readAuthorization` reads them.
 */
export function authorizationColumns(rows: string): string {
  return `payload, grant_id, grant_payload, grant_expires_at, ${personJson(`${rows}.person_id`)} AS person`;
}

export interface AuthorizationRow {
  payload: Payload;
  grant_id: string;
  grant_payload: Payload;
  grant_expires_at: Date;
  person: Person | null;
}

export function readAuthorization(
  row: AuthorizationRow | undefined,
  time: DatabaseTime,
): Authorization | undefined {
  const person = readPerson(row?.person);
  if (!row || !person) return undefined;
  const grant = {
    id: row.grant_id,
    payload: fromRow(row.grant_payload, time),
    expiresAt: time.fromDatabase(row.grant_expires_at),
  };
  return { person, grant, payload: fromRow(row.payload, time) };
}

/** The scopes in a grant's payload that were not rejected, and that the client's registration allows now. */
export function scopesOf(
  payload: Record<string, unknown>,
  client: Pick<Client, 'scopes' | 'grantTypes'>,
): string[] {
  const { openid, rejected } = payload as {
    openid?: { scope?: string };
    rejected?: { openid?: { scope?: string } };
  };
  const without = rejected?.openid?.scope?.split(' ') ?? [];
  const scopes = openid?.scope?.split(' ') ?? [];
  return scopes.filter(
    (scope) => (scope === 'openid' || !without.includes(scope)) && mayHaveScope(client, scope),
  );
}

/** SQL that holds while the DPoP proof `:proofHash` is new. */
export const PROOF_IS_NEW = 'NOT EXISTS (SELECT FROM used_proofs u WHERE u.id_hash = :proofHash::bytea)';

/**
 * A common table expression that uses up the proof for each row of `rows`. If another request uses the same proof at
 * the same moment, the whole statement fails; `unlessProofIsUsed` handles that.
 */
export function withProofUsed(rows: string): string {
  return `used AS (
    INSERT INTO used_proofs (id_hash, expires_at)
    SELECT :proofHash::bytea, :proofExpiresAt::timestamptz FROM ${rows}
  )`;
}

export interface ProofValues {
  proofHash: Buffer;
  proofExpiresAt: Date;
}

export function proofValues(
  { jti }: DpopProof,
  { clientId, now }: { clientId: string; now: Date },
  time: DatabaseTime,
): ProofValues {
  return {
    proofHash: proofHash({ issuer: clientId, jti }),
    proofExpiresAt: time.toDatabase(new Date(now.getTime() + PROOF_LIFETIME_SECONDS * 1000)),
  };
}

const UNIQUE_VIOLATION = '23505';

/** Returns undefined, with nothing changed, when another request used the same proof at the same moment. */
export async function unlessProofIsUsed<T>(statement: () => Promise<T>): Promise<T | undefined> {
  try {
    return await statement();
  } catch (error) {
    const { code, table } = error as { code?: string; table?: string };
    if (code === UNIQUE_VIOLATION && table === 'used_proofs') return undefined;
    throw error;
  }
}
