import { PERSON_SIGNING_IN, type PersonSigningIn } from '../accounts/person-store.ts';
import type { DatabaseTime } from '../platform/database-time.ts';
import { toRow } from '../platform/payload-times.ts';
import type { Grant } from './grant-store.ts';

/** A grant that is saved together with the code that it is for. */
export interface NewGrant extends Grant {
  /** The session is being begun by this very request, so there is no row of it yet. */
  sessionIsNew: boolean;
  /** Of the password the person has just signed in with. */
  passwordFingerprint?: string | undefined;
  /** It rests on a row of `consents`. */
  consented: boolean;
}

/**
 * Common table expressions that save a grant, as `new_grant`, for the statement that saves its code. They save nothing
 * when the person was disabled or has another password by now, when the session was ended, when the consent was taken
 * back, or when the table expression `alongWith` has no row.
 *
 * Everything that begins or ends a grant locks in one order: the person, then the session and the consent, then the
 * grant. So nobody waits in a circle.
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

/** What `withNewGrant` names. */
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
    sessionUid: grant.sessionUid,
    clientId: grant.clientId,
    grantId: grant.id,
    grantPayload: JSON.stringify(toRow(grant.payload, time)),
    grantExpiresAt: time.toDatabase(grant.expiresAt),
    sessionIsNew: grant.sessionIsNew,
    consented: grant.consented,
  };
}
