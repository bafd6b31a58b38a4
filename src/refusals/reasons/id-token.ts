import type { ReasonText } from '../reason-text.ts';

/** LiSTNR gives these about the ID token that a client presents. */
export const ID_TOKEN_REASONS = {
  'id_token.malformed': {
    sentence: 'The bearer token is not a signed JWT, so it is no ID token.',
    remedy:
      'Send the id_token of the answer of the token endpoint, whole. An opaque or refresh token will not do.',
  },
  'id_token.other_type': {
    sentence: 'The header of the token says that it is another kind of JWT than an ID token.',
    remedy: 'Send the id_token. An access token (at+jwt) or a logout token will not do.',
  },
  'id_token.critical_extension': {
    sentence: 'The header of the ID token has a critical extension (crit), and none is known here.',
    remedy: 'Have the issuer make ID tokens without crit.',
  },
  'id_token.issuer_not_accepted': {
    sentence: 'The ID token was made by an issuer that the client does not accept.',
    remedy:
      'Send an ID token of an issuer that is expected: compare them letter by letter, also a slash at the end. Or have the issuer added to the registration (listnr_accepted_issuers).',
  },
  'id_token.algorithm_not_accepted': {
    sentence: 'The ID token is signed with an algorithm that is not accepted of its issuer.',
    remedy: 'Have the issuer sign with an algorithm that is expected, or have the registration changed.',
  },
  'id_token.key_unknown': {
    sentence: 'The ID token names a key that its issuer does not publish.',
    remedy:
      'Send an ID token of this environment that is not older than its keys. For another issuer, check the address of its keys in the registration (jwks_uri).',
  },
  'id_token.signature_wrong': {
    sentence: 'The signature of the ID token is not right.',
    remedy:
      'Send the ID token exactly as it came. If it came so, it was signed by somebody else: check the address of the issuer’s keys in the registration (jwks_uri).',
  },
  'id_token.other_kind': {
    sentence: 'The claims of the token are those of another kind of token than an ID token.',
    remedy:
      'Send the id_token. An access token, a logout token, or a token that is bound to a key will not do.',
  },
  'id_token.sub_unusable': {
    sentence: 'The ID token has no sub of 1 to 255 characters without control characters.',
    remedy: 'Have the issuer name the person in sub.',
  },
  'id_token.exp_missing': {
    sentence: 'The ID token has no exp that is a number.',
    remedy: 'Have the issuer say when the ID token expires.',
  },
  'id_token.expired': {
    sentence: 'The ID token has expired.',
    remedy:
      'Refresh, or have the person sign in again, and send the new ID token. If it is new, compare the clocks of the issuer and this server.',
  },
  'id_token.iat_missing': {
    sentence: 'The ID token has no iat that is a number.',
    remedy: 'Have the issuer say when it made the ID token.',
  },
  'id_token.issued_in_future': {
    sentence: 'The ID token was issued more than 30 seconds ahead of the clock of this server.',
    remedy: 'Set the clock of the issuer.',
  },
  'id_token.not_valid_yet': {
    sentence: 'The ID token is not valid yet (nbf), or its nbf is no number.',
    remedy: 'Wait until the time that it names. If that is now, set the clock of the issuer.',
  },
  'id_token.other_audience': {
    sentence: 'The ID token was issued to an application that the client does not accept.',
    remedy:
      'Send an ID token whose aud is one that is expected, or have the application added to the registration (audiences in listnr_accepted_issuers).',
  },
  'id_token.other_azp': {
    sentence: 'The azp of the ID token is an application that the client does not accept.',
    remedy:
      'Send an ID token that was issued to an application that is expected, or have that of its azp added to the registration.',
  },
  'id_token.azp_missing': {
    sentence:
      'The ID token has several audiences, not all of them accepted, and no azp says whom it was issued to.',
    remedy: 'Have the issuer name the application in azp, or issue the ID token to that application alone.',
  },
  'id_token.person_denied': {
    sentence: 'The person whom the ID token is about is disabled or deleted.',
    remedy: 'The person asks an admin. Nothing in the request mends it.',
  },
  'id_token.keys_unavailable': {
    sentence: 'The keys of the issuer of the ID token cannot be fetched.',
    remedy:
      'Try again as long after as Retry-After says. If it stays, the operator checks jwks_uri in the registration, and that this server reaches it.',
  },
} as const satisfies Record<string, ReasonText>;
