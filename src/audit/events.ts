/** The events of the audit trail, with a sentence each for its readers. `npx listo audit events` prints them. */
export const AUDIT_EVENTS = {
  'sign_in.succeeded':
    'A person signed in. detail.session is the session, and detail.methods how they did it.',
  'sign_in.refused':
    'Somebody could not sign in; detail.why says why. Without a person: nobody has the address, of which detail.account is a keyed digest.',
  'sign_in.locked':
    'So many sign-ins to an account, or from an address, failed that the next ones are refused for a while.',
  'password.reset_asked':
    'A mail with a link to set a new password was queued. Without a person: nobody who signs in with a password has the address, and nobody gets it.',
  'password.changed':
    'A person has a new password; everybody who was signed in as them was signed out. detail.by says how: reset or invitation.',
  'person.invited': 'A mail with a link to choose the first password was queued.',
  'address.change_asked': 'A person asked for another e-mail address. Both addresses have to confirm it.',
  'address.change_stopped': 'The address from before stopped the change to another one.',
  'address.changed': 'A person has another e-mail address, which both addresses confirmed.',
  'device_code.locked': 'So many codes of devices were wrong that the next ones are refused for a while.',
  'passkey.added': 'A person added a passkey. detail.passkey is the beginning of its id.',
  'passkey.removed': 'A person removed a passkey.',
  'passkey.renamed': 'A person gave a passkey another name.',
  'passkey.suspected':
    'A passkey counted backwards, so a copy of it may be in use. It was right otherwise, and signed nobody in.',
  'grant.revoked':
    'A client revoked a refresh token, and so everything that the person allowed it in that sign-in.',
  'grant.ended': 'Somebody ended a grant, with its codes and tokens.',
  'refresh_token.reused': 'An old refresh token came again, perhaps a stolen one. Its grant ended.',
  'authorization_code.reused': 'A code that was used came again, perhaps a stolen one. Its grant ended.',
  'device_code.reused': "A device's code that was used came again, perhaps a stolen one. Its grant ended.",
} as const satisfies Record<string, string>;

export type AuditEvent = keyof typeof AUDIT_EVENTS;
