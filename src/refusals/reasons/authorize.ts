import type { ReasonText } from '../reason-text.ts';

/** Requests to the authorization endpoint, pushed or not, and to the one for devices: what is wrong with a parameter. */
export const AUTHORIZE_REASONS = {
  'request.refused': {
    sentence: 'The request was refused, and its error says why.',
    remedy: 'Read the error and its description. The server’s log has more about this request.',
  },
  'redirect_uri.not_registered': {
    sentence: 'The client has not registered this redirect_uri. Addresses are compared letter by letter.',
    remedy: 'Send a registered address exactly as it is registered, or have this one registered.',
  },
  'response_type.not_supported': {
    sentence: 'This server does not have the response_type.',
    remedy: 'Send response_type=code.',
  },
  'response_type.not_allowed': {
    sentence:
      'The client may not use this response_type, because it lacks the grant type authorization_code.',
    remedy: 'Have authorization_code added to the client’s grant_types.',
  },
  'response_mode.not_supported': {
    sentence: 'This server does not have the response_mode.',
    remedy: 'Send one of those that are expected, or none: then the answer is in the query.',
  },
  'response_mode.not_registered': {
    sentence: 'The client is registered for other values of response_mode.',
    remedy: 'Send one of those that are expected, or none, or have the client’s response_modes changed.',
  },
  'scope.malformed': {
    sentence: 'The scope has characters that no scope may have.',
    remedy:
      'Separate scopes by single spaces, and send no quotation marks, backslashes or other letters than ASCII.',
  },
  'scope.not_allowed': {
    sentence: 'The client asked for a scope that is unknown, or that it may not have.',
    remedy: 'Ask for registered scopes alone, or have the scope added to the client’s registration.',
  },
  'scope.nothing_asked': {
    sentence: 'The client asked for no scope beside offline_access.',
    remedy: 'Ask for openid as well.',
  },
  'scope.openid_missing': {
    sentence: 'The request has a parameter that means nothing without the scope openid.',
    remedy: 'Add openid to the scope, or leave the parameter out.',
  },
  'prompt.unknown': {
    sentence: 'This server does not know a value of prompt.',
    remedy: 'Send values that are expected, separated by spaces and in small letters.',
  },
  'prompt.none_with_others': {
    sentence: 'The value none of prompt stands beside another one.',
    remedy: 'Send none alone, or leave it out.',
  },
  'max_age.malformed': {
    sentence: 'The max_age is not a whole number of seconds.',
    remedy: 'Send digits alone, such as 3600.',
  },
  'code_challenge.required': {
    sentence: 'The client has to use PKCE, and the request has no code_challenge.',
    remedy:
      'Send code_challenge and code_challenge_method=S256, and the code_verifier with the code (RFC 7636). Most libraries have a switch for it.',
  },
  'code_challenge.missing': {
    sentence: 'The request has a code_challenge_method and no code_challenge.',
    remedy: 'Send both, or neither.',
  },
  'code_challenge.malformed': {
    sentence: 'The code_challenge cannot be the SHA-256 of a code_verifier: no verifier will ever fit it.',
    remedy: 'Send the SHA-256 of the verifier in base64url without padding: 43 characters.',
  },
  'code_challenge_method.missing': {
    sentence: 'The request has a code_challenge and no code_challenge_method, which would mean plain.',
    remedy: 'Send code_challenge_method=S256, with the SHA-256 of the verifier as code_challenge.',
  },
  'code_challenge_method.not_supported': {
    sentence: 'This server takes S256 alone as code_challenge_method.',
    remedy: 'Send S256, with the SHA-256 of the verifier as code_challenge.',
  },
  'dpop_jkt.malformed': {
    sentence: 'The dpop_jkt cannot be the thumbprint of a key: no proof will ever fit it.',
    remedy: 'Send the SHA-256 thumbprint of the key (RFC 7638) in base64url without padding: 43 characters.',
  },
  'dpop_jkt.of_another_key': {
    sentence: 'The request has the dpop_jkt of another key than that of its DPoP proof.',
    remedy: 'Send the thumbprint of the key that signed the proof, or leave dpop_jkt out.',
  },
  'claims.malformed': {
    sentence: 'The parameter claims cannot be read.',
    remedy:
      'Send a JSON object with id_token or userinfo, in which each claim is null or an object (OpenID Connect Core section 5.5).',
  },
  'id_token_hint.not_valid': {
    sentence: 'The id_token_hint is not an ID token that this server gave to this client.',
    remedy:
      'Send the ID token that the client got last, whole and unchanged. An access token, or an ID token of another client or server, is no hint.',
  },
  'registration.not_supported': {
    sentence: 'The request has the parameter registration, which this server does not take.',
    remedy: 'Leave it out.',
  },
  'request_uri.not_supported': {
    sentence:
      'This server takes a request_uri only at the authorization endpoint, and only one that it gave itself.',
    remedy:
      'Push the request to /auth/par, and send the request_uri of its answer to the authorization endpoint.',
  },
  'request_uri.not_valid': {
    sentence:
      'The pushed request is unknown, older than its lifetime, was used before, or is another client’s.',
    remedy: 'Push a request for each sign-in, and send the browser at once: within 60 seconds.',
  },
  'request_uri.with_request': {
    sentence: 'The request has both request and request_uri.',
    remedy: 'Send one of them.',
  },
  'request.must_be_pushed': {
    sentence: 'The client’s registration demands that it pushes its requests.',
    remedy:
      'Push the request to /auth/par (RFC 9126), and send the browser with client_id and request_uri alone.',
  },
  'request.must_be_signed': {
    sentence: 'The client’s registration demands that it signs its requests.',
    remedy:
      'Send the parameters as a request object that the client signed (RFC 9101), as the parameter request.',
  },
  'request.seal_not_valid': {
    sentence: 'The request was repeated by this server, and too much time has passed since.',
    remedy: 'Begin the sign-in again in the application.',
  },
  'request.too_long': {
    sentence: 'The request is too long for a browser to follow.',
    remedy: 'Push it to /auth/par (RFC 9126), or send less.',
  },
  'parameter.too_long': {
    sentence: 'The value of a parameter is longer than 8192 bytes.',
    remedy: 'Send less: keep large things in the application, and send a name for them as state.',
  },
  'registration.address_removed': {
    sentence: 'The client registration lost the redirect_uri while a person was signing in.',
    remedy: 'Begin again with an address that is registered.',
  },
  'registration.demands_more': {
    sentence:
      'The client registration changed while a person was signing in, and demands more of a request now.',
    remedy: 'Begin again, with PKCE and a response_mode as the registration demands.',
  },
} as const satisfies Record<string, ReasonText>;
