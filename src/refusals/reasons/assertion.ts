import type { ReasonText } from '../reason-text.ts';

/** A client gets these for an assertion with which it authenticates (private_key_jwt, RFC 7523). */
export const ASSERTION_REASONS = {
  'assertion.malformed': {
    sentence: 'The client_assertion is not a JWT.',
    remedy: 'Send a signed JWT in compact form: three parts in base64url, with dots between them.',
  },
  'assertion.type_wrong': {
    sentence: 'The client_assertion_type is missing, or is another one.',
    remedy: 'Send the client_assertion_type that is expected beside the client_assertion.',
  },
  'assertion.sub_missing': {
    sentence: 'The client_assertion has no sub that is a client_id.',
    remedy: 'Set sub to the client_id, as a string.',
  },
  'assertion.iss_wrong': {
    sentence: 'The iss of the client_assertion is not the client_id.',
    remedy: 'Set iss and sub to the client_id.',
  },
  'assertion.aud_wrong': {
    sentence: 'The aud of the client_assertion names something else than this server.',
    remedy:
      'Set aud to the issuer, letter by letter, without a slash that it does not have. Every audience has to be ours.',
  },
  'assertion.aud_not_issuer': {
    sentence:
      'The aud of the client_assertion is not the issuer alone, as a client with a FAPI profile has to have it.',
    remedy: 'Set aud to the issuer, as a string and not as a list.',
  },
  'assertion.expired': {
    sentence: 'The client_assertion has expired.',
    remedy:
      'Make a new one for each request, with an exp a minute ahead. Compare the clock of the client with the time that is expected.',
  },
  'assertion.exp_missing': {
    sentence: 'The client_assertion has no exp.',
    remedy: 'Set exp to a time about a minute ahead, in seconds since 1970.',
  },
  'assertion.exp_too_far': {
    sentence: 'The client_assertion lives for too long.',
    remedy: 'Set exp to at most an hour ahead, in seconds and not in milliseconds.',
  },
  'assertion.not_yet_valid': {
    sentence: 'The nbf of the client_assertion lies in the future.',
    remedy: 'Compare the clock of the client with the time that is expected, or leave nbf out.',
  },
  'assertion.iat_in_future': {
    sentence: 'The client_assertion was issued in the future.',
    remedy: 'Compare the clock of the client with the time that is expected: it may be a minute ahead.',
  },
  'assertion.jti_missing': {
    sentence: 'The client_assertion has no jti that is a string.',
    remedy: 'Set jti to a new random string for each assertion.',
  },
  'assertion.claim_malformed': {
    sentence: 'A claim of the client_assertion has the wrong type.',
    remedy: 'Write exp, nbf and iat as numbers, in seconds since 1970.',
  },
  'assertion.other_jwt': {
    sentence: 'The typ of the client_assertion says that it is another kind of JWT.',
    remedy: 'Leave typ out, or set it to one that is expected. A request object or proof is no assertion.',
  },
  'assertion.used_before': {
    sentence: 'The client_assertion was used before.',
    remedy: 'Make a new assertion with a new jti for each request, also when a request is repeated.',
  },
  'assertion.alg_not_allowed': {
    sentence: 'The client_assertion is signed with an algorithm that is not allowed.',
    remedy: 'Sign it with one of the algorithms that are expected. A secret (HS256) signs no assertion here.',
  },
  'assertion.key_unknown': {
    sentence:
      'No registered or published key of the client has the kid and algorithm of the client_assertion.',
    remedy:
      'Sign with a key whose public half is registered, or publish the new key. A kid in the header has to be that of the key.',
  },
  'assertion.signature_wrong': {
    sentence: 'The signature of the client_assertion is not of a key of the client.',
    remedy: 'Sign with the private half of a registered key, and change nothing in the JWT afterwards.',
  },
} as const satisfies Record<string, ReasonText>;
