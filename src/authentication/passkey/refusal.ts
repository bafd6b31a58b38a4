/** Why a passkey was not taken. */
export type PasskeyRefusal =
  /** The form came without an answer of the browser. */
  | 'no_answer'
  | 'expired'
  /** The device did not check that it was used by its owner. */
  | 'not_verified'
  /** Anything else about the answer, or the passkey; nobody learns which passkeys exist. */
  | 'not_accepted'
  | 'known'
  | 'many';

/** The same words for everybody, on every page. */
export const PASSKEY_SENTENCES: Record<PasskeyRefusal, string> = {
  no_answer: 'Your browser sent no passkey. Please try again.',
  expired: 'That took too long. Please try again.',
  not_verified:
    'Your device did not check that it is you. Set up a screen lock or a PIN on it, and then try again.',
  not_accepted: 'That passkey does not work here. Use another one, or sign in another way.',
  known: 'That passkey is in use already. Choose another device or password manager.',
  many: 'You have as many passkeys as there can be. Remove one that you no longer use, and then try again.',
};

/** A refusal, with what the log says of it. */
export interface Refused {
  outcome: 'refused';
  reason: PasskeyRefusal;
  detail: string;
  /** The owner of the passkey, for the log alone. */
  personId?: string | undefined;
}

export function refused(reason: PasskeyRefusal, detail: string, personId?: string): Refused {
  return { outcome: 'refused', reason, detail, personId };
}

/** The library throws a sentence for each check that fails. */
export function refusedByLibrary(error: unknown, personId?: string): Refused {
  const detail = error instanceof Error ? error.message : String(error);
  const notVerified = detail.endsWith('user could not be verified');
  return refused(notVerified ? 'not_verified' : 'not_accepted', detail, personId);
}
