import type { ReasonText } from '../reason-text.ts';

/** Userinfo, introspection and revocation give these, for the token that is presented. */
export const ACCESS_TOKEN_REASONS = {
  'access_token.missing': {
    sentence: 'The request has no access token.',
    remedy: 'Send it in the Authorization header, with the scheme Bearer, or DPoP if it is bound to a key.',
  },
  'access_token.several': {
    sentence: 'The request has an access token in more than one place.',
    remedy: 'Send it in the Authorization header alone.',
  },
  'access_token.in_address': {
    sentence: 'The access token came in the address, where logs and histories keep it.',
    remedy: 'Send it in the Authorization header.',
  },
  'access_token.header_malformed': {
    sentence: 'The Authorization header is not a scheme, one space and a token.',
    remedy: 'Send `Bearer`, a space and the access token.',
  },
  'access_token.scheme_wrong': {
    sentence: 'The scheme of the Authorization header does not fit the request.',
    remedy:
      'Use DPoP with a proof in the DPoP header, or Bearer without one. A proof needs the header: no token in the form.',
  },
  'access_token.proof_missing': {
    sentence: 'The scheme of the Authorization header is DPoP, and there is no proof in a DPoP header.',
    remedy: 'Send a proof for this request in the DPoP header.',
  },
  'access_token.not_valid': {
    sentence: 'The access token is not one of this server.',
    remedy:
      'Send the whole access_token of the last answer of this issuer. A LiSTNR token or a refresh token is none.',
  },
  'access_token.is_id_token': {
    sentence: 'An ID token came in place of the access token.',
    remedy: 'Send access_token, not id_token.',
  },
  'access_token.expired': {
    sentence: 'The access token has expired.',
    remedy: 'Refresh, and use the new one. If it has just been issued, compare the clocks.',
  },
  'access_token.revoked': {
    sentence: 'The access token was revoked.',
    remedy: 'Refresh, and use the new one. Look for the part of the application that revokes it.',
  },
  'access_token.ended': {
    sentence: 'The sign-in that gave the access token has ended.',
    remedy:
      'The person signed out or withdrew the consent, or somebody ended it. The person has to sign in again.',
  },
  'access_token.client_gone': {
    sentence: 'The client of the access token was disabled or removed.',
    remedy: 'Ask whoever registered the client.',
  },
  'access_token.not_bound': {
    sentence: 'The access token is bound to no key, and the registration demands that now.',
    remedy: 'Get a new one with a DPoP proof, or over a connection with the certificate of the client.',
  },
  'access_token.certificate_missing': {
    sentence: 'The access token is bound to a certificate, and the request came without one.',
    remedy:
      'Connect with the certificate, to the address in mtls_endpoint_aliases of the discovery document.',
  },
  'access_token.scope_missing': {
    sentence: 'The access token was not given for a scope that the request needs.',
    remedy: 'Ask for the scope when the person signs in, and have it registered for the client.',
  },
  'introspection.anonymous': {
    sentence: 'Introspection is for clients that authenticate, and this request does not.',
    remedy:
      'Authenticate as at the token endpoint. A public client may not ask: nobody can tell that it is the one.',
  },
  'introspection.token_of_another': {
    sentence:
      'The token was given to another client, which the asking one may not ask about, or it is not good any more.',
    remedy:
      'If the asking client is an API, register it with may_introspect, in the instance of the client that got the token. The values say which client that is, and whether the token is good.',
    clientReads: 'introspection.token_unknown',
  },
  'introspection.token_unknown': {
    sentence: 'The token is not a good one of this server, or not one that this client may ask about.',
    remedy: 'Nothing is wrong with the request. Refuse the token, as the answer says.',
  },
  'refresh_token.superseded': {
    sentence: 'A newer refresh token has taken the place of this one.',
    remedy: 'Use the refresh token of the latest answer.',
  },
  'refresh_token.grant_withdrawn': {
    sentence: 'The client of the refresh token may not refresh any more.',
    remedy: 'Ask whoever registered the client to add refresh_token to its grant_types.',
  },
  'revocation.token_of_another': {
    sentence: 'The token was given to another client, so nothing was revoked.',
    remedy: 'Revoke a token as the client that got it.',
    clientReads: 'revocation.token_unknown',
  },
  'revocation.token_unknown': {
    sentence: 'The token is not one that this client may use, so nothing was revoked.',
    remedy:
      'Nothing is wrong, if the token had ended before. Otherwise send the whole token, as the client that got it.',
  },
} as const satisfies Record<string, ReasonText>;
