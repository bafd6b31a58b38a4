import type { Factors } from '../accounts/factor-store.ts';
import type { Refusal } from '../refusals/reasons.ts';

/**
 * How a person proves who they are, for each kind of instance: with a password kept here, or at the customer's own
 * OpenID provider. Both end in the id of a person of that instance; the pages are not decided here.
 *
 * Comparing a password takes a while. So its fingerprint is passed on, and a session begins only if it is still the
 * person's password.
 */
export type SignInResult =
  | {
      outcome: 'signed_in';
      personId: string;
      passwordFingerprint?: string;
      /** When the person proved who they are, in epoch seconds; undefined where the provider does not say. */
      authenticatedAt?: number | undefined;
      /** How (RFC 8176); undefined where the provider does not say, or is not to be repeated. */
      amr?: string[] | undefined;
      /** The means that they have to prove more; undefined where nobody has looked. */
      factors?: Factors | undefined;
    }
  | {
      outcome: 'refused';
      reason: RefusalReason;
      /** For the log alone: the check that failed, and the person if there is one. */
      detail?: string;
      personId?: string;
      /** For those who want to mend it. */
      why?: Refusal;
    };

export type RefusalReason =
  | 'wrong_credentials'
  | 'disabled'
  /** The person signed in upstream but is not known here. */
  | 'unknown_person'
  /** The person declined, or the provider's policy did. */
  | 'upstream_refused'
  /** The person's sign-in at the provider is too old for this request. */
  | 'upstream_not_recent'
  | 'upstream_unavailable'
  /** The standards do not allow the provider's answer. */
  | 'upstream_invalid';
