/** The tables of registrations, by the name of one row. */
const THINGS = {
  client: 'A client',
  client_secret: 'A secret of a client',
  instance: 'An instance',
  listnr_accepted_issuer: 'An issuer that a LiSTNR client accepts',
  listnr_client: 'A client of LiSTNR',
  listnr_client_secret: 'A secret of a LiSTNR client',
  signing_key: 'A signing key',
  upstream_identity: "A person's identity at a customer's own provider",
  upstream_provider: "A customer's own provider",
  user_record: 'A user record of a person',
  worker_id: 'A worker id of a person',
} as const;

type Thing = keyof typeof THINGS;

const CHANGES = {
  created: 'was registered',
  changed: 'changed: detail has old and new values, and the names of columns whose values are not kept',
  deleted: 'was deleted',
} as const;

type RegistrationEvent = `${Thing}.${keyof typeof CHANGES}`;

/** The trigger `audit_change` writes these, whichever way a change comes. */
const REGISTRATION_EVENTS = Object.fromEntries(
  Object.entries(THINGS).flatMap(([thing, subject]) =>
    Object.entries(CHANGES).map(([change, verb]) => [`${thing}.${change}`, `${subject} ${verb}.`]),
  ),
) as Record<RegistrationEvent, string>;

/** The events of the audit trail, with a sentence each for its readers. `npx listo audit events` prints them. */
export const AUDIT_EVENTS = {
  'sign_in.succeeded':
    'A person signed in. detail.session is the session, and detail.methods how they did it.',
  'sign_in.refused':
    'Somebody could not sign in; detail.why says why. Without a person: nobody has the address, of which detail.account is a keyed digest.',
  'sign_in.locked':
    'So many sign-ins to an account, or from an address, failed that the next ones are refused for a while.',
  'upstream.refused': "A sign-in at a customer's own provider did not count here; detail.why says why.",
  'password.reset_asked':
    'A mail with a link to set a new password was queued. Without a person: nobody who signs in with a password has the address, and nobody gets it.',
  'person.invited': 'A mail with a link to choose the first password was queued.',
  'address.change_asked': 'A person asked for another e-mail address. Both addresses have to confirm it.',
  'address.change_stopped': 'The address from before stopped the change to another one.',
  'device_code.locked': 'So many codes of devices were wrong that the next ones are refused for a while.',
  'passkey.added': 'A person added a passkey. detail.passkey is the beginning of its id.',
  'passkey.removed': 'A passkey of a person was removed.',
  'passkey.renamed': 'A person gave a passkey another name.',
  'passkey.suspected':
    'A passkey counted backwards, so a copy of it may be in use. It was right otherwise, and signed nobody in.',
  'session.ended':
    'A session ended before its time, with all grants given in it; detail.cause says why. Without a cause, whoever the way names deleted it.',
  'consent.given': 'A person allowed an application the scopes in detail.',
  'consent.refused': 'A person was asked to allow an application something, and refused.',
  'consent.withdrawn': 'What a person had allowed an application was withdrawn, with all grants.',
  'grant.revoked':
    'A client revoked a refresh token, and so everything that the person allowed it in that sign-in.',
  'grant.ended': 'Somebody ended a grant, with its codes and tokens.',
  'access_token.revoked': 'A client revoked an access token.',
  'refresh_token.reused': 'An old refresh token came again, perhaps a stolen one. Its grant ended.',
  'authorization_code.reused': 'A code that was used came again, perhaps a stolen one. Its grant ended.',
  'device_code.reused': "A device's code that was used came again, perhaps a stolen one. Its grant ended.",
  'person.created': 'A person was registered, or first signed in.',
  'person.changed': 'Columns of a person changed; detail.named has their names.',
  'person.disabled': 'A person was disabled, and signed out everywhere.',
  'person.enabled': 'A person who was disabled may sign in again.',
  'person.deleted': 'A person was deleted, with all that belonged to them.',
  'password.changed': 'A person got a password, another one, or none any more; the others end all sessions.',
  'address.changed': "A person's e-mail address changed. The trail keeps neither.",
  ...REGISTRATION_EVENTS,
  'factor.added': 'A person set up another factor; detail.kind says which.',
  'factor.removed': 'A factor of a person was removed; detail.kind says which.',
  'recovery_code.used':
    'A person used a recovery code in place of a second factor; detail.left says how many they still have.',
  'seeds.applied':
    'A file of registrations was applied for the first time, or changed something. detail has its SHA-256, who applied it on which machine, and how many rows changed.',
  'recovery_codes.replaced': 'A person got new recovery codes, and the ones from before no longer work.',
} as const satisfies Record<string, string>;

export type AuditEvent = keyof typeof AUDIT_EVENTS;
