import type { ReasonText } from '../reason-text.ts';

/** The token endpoint gives these to a client that has authenticated. */
export const TOKEN_REASONS = {
  'grant_type.unknown': {
    sentence: 'The grant_type is not one of this server.',
    remedy: 'Use one of those that are expected. Tokens for backends without a person come from LiSTNR.',
  },
  'grant_type.not_registered': {
    sentence: 'The client is not registered for this grant_type.',
    remedy: 'Ask whoever registered the client to add it to grant_types, or use one that is registered.',
  },
  'scope.not_granted': {
    sentence: 'The refresh token was not given for a scope that is asked for.',
    remedy:
      'Ask for fewer scopes, or for none, which means all of them. For more, the person has to sign in again.',
  },
  'person.gone': {
    sentence: 'The person who signed in may not do so any more.',
    remedy:
      'The person was disabled or deleted, or the client belongs to another instance now. An administrator looks at the person.',
  },
  'code.not_valid': {
    sentence: 'The authorization code is unknown, or its sign-in was ended.',
    remedy:
      'Exchange the code exactly as it came, URL-decoded once, at the issuer that gave it and as the client that asked for it. Otherwise begin a new sign-in.',
  },
  'code.of_another_client': {
    sentence: 'The authorization code was given to another client.',
    remedy:
      'Exchange the code as the client that asked for it: its configuration may have the client_id of another one.',
    clientReads: 'code.not_valid',
  },
  'code.expired': {
    sentence: 'The authorization code was exchanged too late.',
    remedy: 'Exchange the code as soon as it arrives. The person has to sign in again.',
  },
  'code.used_before': {
    sentence: 'The authorization code was exchanged before, so its sign-in was ended.',
    remedy:
      'Exchange each code once: look for a page that is loaded twice, or a request that is repeated. The person has to sign in again.',
  },
  'code.redirect_uri_differs': {
    sentence: 'The redirect_uri is not the one of the authorization request.',
    remedy: 'Send the same redirect_uri in both requests, letter by letter.',
  },
  'code.redirect_uri_withdrawn': {
    sentence: 'The redirect_uri was registered at the authorization request, and is not any more.',
    remedy: 'Ask whoever registered the client to add the redirect_uri again, or use one that is registered.',
  },
  'code_verifier.unexpected': {
    sentence: 'A code_verifier came, and the authorization request had no code_challenge.',
    remedy: 'Send a code_challenge with the authorization request (PKCE), or no code_verifier.',
  },
  'code_verifier.missing': {
    sentence: 'The code_verifier is missing.',
    remedy:
      'Send the code_verifier from which the code_challenge of the authorization request was made (PKCE).',
  },
  'code_verifier.wrong': {
    sentence: 'The code_verifier does not fit the code_challenge of the authorization request.',
    remedy:
      'The challenge is the SHA-256 of the verifier, in base64url without padding. Keep the verifier of each sign-in with its state: two tabs must not share one.',
  },
  'code_verifier.malformed': {
    sentence: 'The code_verifier is too short, too long, or has characters that are not allowed.',
    remedy: 'Make it of 43 to 128 characters, each a letter, a digit or one of - . _ ~',
  },
  'refresh_token.not_valid': {
    sentence: 'The refresh token is not one that this server gave to this client.',
    remedy:
      'Send the whole refresh token of the last answer, as the client that got it and at the issuer that gave it. Otherwise the person has to sign in again.',
  },
  'refresh_token.ended': {
    sentence: 'The sign-in of the refresh token was ended.',
    remedy:
      'The person signed out, changed the password or withdrew the consent, or an administrator or a used code ended it. The person has to sign in again.',
  },
  'refresh_token.used_before': {
    sentence: 'A refresh token was used again long after its successor, so its sign-in was ended.',
    remedy:
      'Keep the refresh token of each answer, and let one process refresh at a time. Look for copies of old tokens. The person has to sign in again.',
  },
  'refresh_token.expired': {
    sentence: 'The refresh token has expired.',
    remedy: 'Refresh before it expires, which prolongs it. The person has to sign in again.',
  },
  'refresh_token.of_newer_release': {
    sentence: 'A newer release of this server gave the refresh token, and this one does not understand it.',
    remedy:
      'The operator brings all processes to the newer release. Until then the person has to sign in again.',
  },
  'refresh_token.not_bound': {
    sentence: 'The refresh token is bound to no key, and the registration demands that now.',
    remedy:
      'The person has to sign in again, and the client sends a DPoP proof or connects with its certificate.',
  },
  'device_code.not_valid': {
    sentence: 'The device code is not one that this server gave to this client, or its sign-in was ended.',
    remedy:
      'Poll with the device_code of the last answer of the device authorization endpoint. Otherwise begin again.',
  },
  'device_code.used_before': {
    sentence: 'The device code was exchanged before, so its sign-in was ended.',
    remedy: 'Stop polling once there are tokens. Begin again.',
  },
  'device_code.expired': {
    sentence: 'Nobody signed in while the device code was good.',
    remedy: 'Ask for another device code, and show its user_code.',
  },
  'device_code.asked_too_soon': {
    sentence: 'The device asked again too soon.',
    remedy: 'Wait five seconds between two requests, and five more after each of these answers.',
  },
  'device_code.pending': {
    sentence: 'The person has not decided yet.',
    remedy: 'Nothing is wrong. Ask again in five seconds.',
  },
  'device_code.denied': {
    sentence: 'The person, or a rule for the sign-in, refused the device.',
    remedy: 'Tell the person so, and begin again only if the person wants to.',
  },
} as const satisfies Record<string, ReasonText>;
