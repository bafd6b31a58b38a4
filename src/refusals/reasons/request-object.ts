import type { ReasonText } from '../reason-text.ts';

/** Signed authorization requests (RFC 9101). */
export const REQUEST_OBJECT_REASONS = {
  'request_object.encrypted': {
    sentence: 'The request object is encrypted, which this server does not support.',
    remedy: 'Sign it and do not encrypt it.',
  },
  'request_object.is_assertion': {
    sentence: 'The sub of the request object is the client, so it may be a client assertion.',
    remedy: 'Leave sub out.',
  },
  'request_object.of_another_client': {
    sentence: 'The client_id in the request object is not the one beside it.',
    remedy: 'Write the same client_id into both.',
  },
  'request_object.expired': {
    sentence: 'The request object has expired.',
    remedy: 'Sign one for each request, with an exp a few minutes ahead, and check the clock of the client.',
  },
  'request_object.issuer_wrong': {
    sentence: 'The iss of the request object is not the client_id.',
    remedy: 'Write the client_id as iss.',
  },
  'request_object.audience_wrong': {
    sentence: 'The aud of the request object is not this server.',
    remedy: 'Write the issuer of this server as aud, as discovery has it.',
  },
  'request_object.type_wrong': {
    sentence: 'The typ in the header says that the JWT is no request object.',
    remedy: 'Write oauth-authz-req+jwt as typ, or leave it out.',
  },
  'request_object.algorithm_not_allowed': {
    sentence: 'The client may not sign in the alg of the request object.',
    remedy: 'Sign in one of the algorithms that are expected.',
  },
  'request_object.client_without_keys': {
    sentence: 'The client has no public keys registered with which a request object could be verified.',
    remedy: 'Have its jwks or jwks_uri registered.',
  },
  'request_object.keys_unavailable': {
    sentence: 'The keys at the client’s jwks_uri cannot be had.',
    remedy:
      'Publish the key set there for everybody, over https, as JSON. The server asks again in a moment.',
  },
  'request_object.signature_wrong': {
    sentence: 'None of the client’s keys made the signature of the request object.',
    remedy: 'Sign with the private key of a registered public key, and write its kid into the header.',
  },
  'request_object.claim_missing': {
    sentence: 'A claim that each request object must have is missing.',
    remedy: 'Add the claims that are expected.',
  },
  'request_object.claim_wrong': {
    sentence: 'A claim of the request object is not valid.',
    remedy: 'Write times as numbers of seconds since 1970, texts as strings, and an nbf that has passed.',
  },
  'request_object.lives_too_long': {
    sentence: 'The times of the request object are further apart than they may be.',
    remedy:
      'Sign one for each request, with an exp a few minutes ahead: a day at most, and for FAPI 2.0 Message Signing an hour after nbf.',
  },
  'request_object.nested': {
    sentence: 'The request object has request or request_uri in it.',
    remedy: 'Leave them out: a request object holds the parameters themselves.',
  },
  'request_object.parameter_malformed': {
    sentence: 'A parameter in the request object has a type that it cannot have.',
    remedy: 'Write parameters as strings, max_age as a number or string, and claims as an object.',
  },
  'request_object.pushed_before': {
    sentence: 'The request object was pushed before: its jti counts once.',
    remedy: 'Sign one for each request, with a new jti.',
  },
  'request_object.response_type_differs': {
    sentence: 'The request object has another response_type than stands beside it.',
    remedy: 'Write the same into both.',
  },
} as const satisfies Record<string, ReasonText>;
