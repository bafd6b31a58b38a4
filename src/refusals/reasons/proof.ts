import type { ReasonText } from '../reason-text.ts';

/** The token endpoint and userinfo give these: for proofs of possession, and for what is bound to a key. */
export const PROOF_REASONS = {
  'proof.missing': {
    sentence: 'The client has to send a DPoP proof, and sent none.',
    remedy:
      'Send a proof for each request in the DPoP header (RFC 9449), or have require_dpop of the registration changed.',
  },
  'proof.malformed': {
    sentence: 'The DPoP proof is not a JWT of typ dpop+jwt that the public key in its header signed.',
    remedy:
      'Make the proof as RFC 9449 section 4.2 says, with one of the algorithms that are expected and the jwk in the header.',
  },
  'proof.alg_not_allowed': {
    sentence: 'The DPoP proof is signed with an algorithm that the profile of the client forbids.',
    remedy: 'Sign it with one of the algorithms that are expected.',
  },
  'proof.claim_malformed': {
    sentence: 'A claim of the DPoP proof is missing or has the wrong type.',
    remedy: 'A proof has jti and htm and htu as strings, and iat as a number in seconds since 1970.',
  },
  'proof.nonce_unsupported': {
    sentence: 'The DPoP proof has a nonce, and this server gives none.',
    remedy: 'Leave nonce out, or take the nonce of the server that gave it.',
  },
  'proof.iat_not_recent': {
    sentence: 'The iat of the DPoP proof is more than five minutes from the time of this server.',
    remedy:
      'Make a new proof for each request, and compare the clock of the client with the time that is expected.',
  },
  'proof.iat_in_future': {
    sentence: 'The iat of the DPoP proof lies further ahead than the profile of the client allows.',
    remedy: 'Compare the clock of the client with the time that is expected: it may be a minute ahead.',
  },
  'proof.htm_wrong': {
    sentence: 'The htm of the DPoP proof is not the method of the request.',
    remedy: 'Set htm to the method, in capitals.',
  },
  'proof.htu_wrong': {
    sentence: 'The htu of the DPoP proof is not the address of the request.',
    remedy: 'Set htu to the address as discovery has it, without query and fragment: not one behind a proxy.',
  },
  'proof.ath_wrong': {
    sentence: 'The ath of the DPoP proof is not the hash of the access token.',
    remedy: 'Set ath to the SHA-256 of the access token, in base64url without padding.',
  },
  'proof.used_before': {
    sentence: 'The DPoP proof was used before.',
    remedy: 'Make a new proof with a new jti for each request, also when a request is repeated.',
  },
  'key.not_proven': {
    sentence: 'The code or token is bound to a key, and the request proves none.',
    remedy: 'Send a DPoP proof with the key with which it was asked for.',
  },
  'key.other': {
    sentence: 'The code or token is bound to another key or certificate than the one of the request.',
    remedy:
      'Use the key or certificate with which it was asked for. If that is lost, the person has to sign in again.',
  },
  'key.not_bound': {
    sentence: 'A DPoP proof came with an access token that is bound to no key.',
    remedy:
      'Send the token with the scheme Bearer and no proof, or get one with a proof at the token endpoint.',
  },
} as const satisfies Record<string, ReasonText>;
