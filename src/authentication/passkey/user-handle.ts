import { hash } from 'node:crypto';

/** The name of a person in their passkeys (WebAuthn section 5.4.3). It says nothing about them. */
export function userHandleOf(personId: string): Buffer {
  return hash('sha256', personId, 'buffer');
}
