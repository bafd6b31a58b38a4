/**
 * How a person proves who they are, per kind of instance: a password kept here, or the customer's own OpenID
 * provider. Both end in the id of a person of that instance; pages decide what is shown on the way.
 *
 * A password takes a while to compare, so its fingerprint is handed on: a session begins only while it is still theirs.
 */
export type SignInResult =
  | { outcome: 'signed_in'; personId: string; passwordFingerprint?: string }
  | {
      outcome: 'refused';
      reason: RefusalReason;
      /** A code for the log: which check of an answer failed. */
      detail?: string;
    };

export type RefusalReason =
  | 'wrong_credentials'
  | 'disabled'
  /** Signed in upstream, and nobody here. */
  | 'unknown_person'
  /** The person, or the provider's policy, said no. */
  | 'upstream_refused'
  /** The person signed in there too long ago for this request. */
  | 'upstream_not_recent'
  | 'upstream_unavailable'
  /** The answer is not one that the standards allow. */
  | 'upstream_invalid';
