import { type AuditValues, auditValues, comesFrom, type Origin, withAudit } from '../audit/record.ts';

/** Who ends a session and why, for the audit trail, which the trigger `end_session` writes. */
export interface SessionEnding {
  /** Undefined where no request of a browser or client is the cause. */
  origin: Origin | undefined;
  cause: 'signed_out' | 'signed_out_by_application' | 'another_person_signed_in' | 'ended_by_person';
  /** The client that asked for it. */
  client?: string | undefined;
}

/** For a condition of knex. */
export function endingOf({ origin, ...why }: SessionEnding): [sql: string, bindings: [string]] {
  return comesFrom(origin, { detail: why });
}

/** A sign-in that a session is saved for. */
export interface SignInFacts {
  clientId: string | undefined;
  instanceId: string | undefined;
  origin: Origin;
}

/** The values of `WITH_SIGN_IN`. */
export interface SignInValues extends AuditValues {
  isSignIn: boolean;
  clientId: string | null;
  instanceId: string | null;
}

/** Tells of a sign-in, in the statement that saves its session. Several requests may save one sign-in. */
export const WITH_SIGN_IN = withAudit('saved', 'sign_in.succeeded', {
  person: 'saved.person_id',
  client: ':clientId',
  instance: ':instanceId',
  detail: `jsonb_strip_nulls(jsonb_build_object('session', saved.uid, 'methods', jsonb_path_query_array(saved.payload, '$.methods[*].method')))`,
  condition: ':isSignIn',
});

export function signInValues(signIn: SignInFacts | undefined): SignInValues {
  return {
    isSignIn: signIn !== undefined,
    clientId: signIn?.clientId ?? null,
    instanceId: signIn?.instanceId ?? null,
    ...auditValues(signIn?.origin),
  };
}
