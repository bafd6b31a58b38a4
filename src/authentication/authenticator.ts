/**
 * How a person proves who they are, per kind of instance: a password kept here, or the customer's own OpenID
 * provider. Both end in the id of a person of that instance; pages decide what is shown on the way.
 */
export type SignInResult =
  | { outcome: 'signed_in'; personId: string; method: 'pwd' | 'upstream' }
  | { outcome: 'refused'; reason: RefusalReason };

export type RefusalReason =
  | 'wrong_credentials'
  | 'disabled'
  | 'unknown_person'
  | 'upstream_refused'
  | 'upstream_unavailable'
  | 'upstream_invalid';
