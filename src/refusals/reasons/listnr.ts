import type { ReasonText } from '../reason-text.ts';

/** The LiSTNR Token Provider gives these. Its clients are registered apart from those of Sign in with Listo. */
export const LISTNR_REASONS = {
  'listnr.client_unknown': {
    sentence: 'LiSTNR has no client with this client_id.',
    remedy:
      'Compare the client_id with the registration, letter by letter, and the address with the environment in which it is registered. The client_id of an application that signs people in is another one.',
  },
  'listnr.client_id_missing': {
    sentence: 'The body does not say which client asks.',
    remedy: 'Send client_id as a member of the JSON body, also beside Basic credentials.',
  },
  'listnr.client_id_differs': {
    sentence: 'The client_id in the body is not the one in the Authorization header.',
    remedy: 'Send the client_id of the credentials in the body, too.',
  },
  'listnr.member_not_text': {
    sentence: 'A member of the JSON body is not a string.',
    remedy: 'Send it as a string. Several scopes are one string, with spaces between them.',
  },
  'listnr.authorization_missing': {
    sentence: 'The request has no Authorization header.',
    remedy:
      'Send Authorization: Bearer with an ID token of the person, or Authorization: Basic with the credentials of the client, as it is registered. Some proxies and redirects drop the header.',
  },
  'listnr.authorization_malformed': {
    sentence: 'The Authorization header is neither Bearer with one token nor Basic with base64.',
    remedy:
      'Write the scheme, one space, and the ID token or base64(client_id:client_secret), and nothing else.',
  },
  'listnr.basic_malformed': {
    sentence: 'The Basic credentials are not base64(client_id:client_secret) in UTF-8.',
    remedy:
      'Encode client_id, a colon and the secret as base64 with its padding, not as base64url, and without a line break in it or at its end.',
  },
  'listnr.secret_wrong': {
    sentence: 'The client secret is not one of those that are registered.',
    remedy:
      'Compare the secret that is configured with the one you were given: capitals count. If it is lost, ask whoever registered the client for another one.',
  },
  'listnr.secret_expired': {
    sentence: 'The client secret has expired.',
    remedy: 'Ask whoever registered the client for a new secret, and configure it.',
  },
  'listnr.secret_in_spaces': {
    sentence: 'The client secret is right, and has spaces or line breaks around it.',
    remedy: 'Remove them, for example those at the end of the file from which the secret is read.',
  },
  'listnr.secret_encoded': {
    sentence: 'The client secret is right, and form-encoded, which it must not be at LiSTNR.',
    remedy:
      'Put client_id, a colon and the secret into base64 as they are (RFC 7617), without encoding them before.',
  },
  'listnr.id_token_required': {
    sentence: 'The client asks with ID tokens of its people, and came with a secret.',
    remedy:
      'Send Authorization: Bearer with an ID token of the person. If it is a backend that asks for itself, have another client registered, for client_credentials.',
  },
  'listnr.secret_required': {
    sentence: 'The client asks with its secret, and came with an ID token.',
    remedy:
      'Send Authorization: Basic with base64(client_id:client_secret). If it asks for the people who are signed in, have another client registered, for authenticated_user.',
  },
  'listnr.client_disabled': {
    sentence: 'The client is registered, and disabled.',
    remedy: 'Ask whoever registered the client to enable it again.',
  },
  'listnr.environment_not_enabled': {
    sentence: 'The client is not enabled for this environment.',
    remedy:
      'Ask at the address of an environment that is expected, or have this one added to the registration.',
  },
  'listnr.scope_not_allowed': {
    sentence: 'The client is not registered for a scope that it asks for.',
    remedy:
      'Ask only for scopes that are expected, or for none, or have the scope added to the registration.',
  },
  'listnr.scope_malformed': {
    sentence: 'The scope is not a list of words with spaces between them.',
    remedy: 'Write scopes without tabs, line breaks and quotation marks, with a space between two of them.',
  },
  'listnr.subject_missing': {
    sentence: 'The request names no subject, and the client has no default one.',
    remedy: 'Send subject as a member of the body, or have a default subject registered.',
  },
  'listnr.subject_malformed': {
    sentence: 'The subject is not a string of 1 to 255 characters without control characters.',
    remedy: 'Send such a string, which has more in it than spaces.',
  },
} as const satisfies Record<string, ReasonText>;
