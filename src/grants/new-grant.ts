import { PERSON_SIGNING_IN, type PersonSigningIn } from '../accounts/person-store.ts';
import type { Client } from '../clients/client.ts';
import type { DatabaseTime } from '../platform/time/database-time.ts';
import { toRow } from '../platform/time/payload-times.ts';
import type { Grant } from './grant-store.ts';

/** A grant that is saved together with its code. */
export interface NewGrant extends Grant {
  /** True when this request begins the session, which then has no row yet. */
  sessionIsNew: boolean;
  /** The fingerprint of the password with which the person has just signed in. */
  passwordFingerprint?: string | undefined;
  /** The stored factors that they have just proven as well. */
  provenFactors?: readonly string[] | undefined;
  /** True when the grant depends on a row of `consents`. */
  consented: boolean;
}

/**
 * Common table expressions that save a grant, as `new_grant`, for the statement that saves its code. They save
 * nothing if the person was disabled or changed the password, the session ended, the consent was withdrawn, or the
 * table expression `alongWith` has no row.
 *
 * Everything that begins or ends a grant locks in one order: first the person, then the session and the consent, then
 * the grant. So there are no deadlocks.
 */
export function withNewGrant(alongWith?: string): string {
  const sources = alongWith ? `person, ${alongWith}` : 'person';
  return `
  person AS (${PERSON_SIGNING_IN}),
  session AS (SELECT s.uid FROM person, sessions s WHERE s.uid = :sessionUid FOR KEY SHARE OF s),
  consent AS (
    SELECT FROM person, consents c WHERE c.person_id = person.id AND c.client_id = :clientId FOR KEY SHARE OF c
  ),
  new_grant AS (
    INSERT INTO grants (id, person_id, client_id, session_uid, payload, expires_at)
    SELECT :grantId, person.id, :clientId, :sessionUid, :grantPayload::jsonb, :grantExpiresAt::timestamptz
    FROM ${sources}
    WHERE (:sessionIsNew OR EXISTS (SELECT FROM session)) AND (NOT :consented OR EXISTS (SELECT FROM consent))
    RETURNING id
  )`;
}

/** The values of `withNewGrant`. */
export interface NewGrantValues extends PersonSigningIn {
  sessionUid: string;
  clientId: string;
  grantId: string;
  grantPayload: string;
  grantExpiresAt: Date;
  sessionIsNew: boolean;
  consented: boolean;
}

export function newGrantValues(grant: NewGrant, time: DatabaseTime): NewGrantValues {
  return {
    personId: grant.personId,
    passwordFingerprint: grant.passwordFingerprint ?? '',
    provenFactors: grant.provenFactors ?? [],
    sessionUid: grant.sessionUid,
    clientId: grant.clientId,
    grantId: grant.id,
    grantPayload: JSON.stringify(toRow(grant.payload, time)),
    grantExpiresAt: time.toDatabase(grant.expiresAt),
    sessionIsNew: grant.sessionIsNew,
    consented: grant.consented,
  };
}

/** How long a grant lives: as long as any of its codes and tokens may. `codeSeconds`: how long its code does. */
export function grantSeconds(
  {
    grantTypes,
    refreshTokenAbsoluteTtlSeconds,
    accessTokenTtlSeconds,
  }: Pick<Client, 'grantTypes' | 'refreshTokenAbsoluteTtlSeconds' | 'accessTokenTtlSeconds'>,
  codeSeconds: number,
): number {
  return grantTypes.includes('refresh_token')
    ? refreshTokenAbsoluteTtlSeconds
    : codeSeconds + accessTokenTtlSeconds;
}
