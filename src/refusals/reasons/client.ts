import type { ReasonText } from '../reason-text.ts';

/** The endpoints at which a client authenticates give these: for who it is, and for its secret or certificate. */
export const CLIENT_REASONS = {
  'client.unnamed': {
    sentence: 'The request does not say which client sends it.',
    remedy:
      'Send the client_id with the credentials, in the form or in an Authorization header of the scheme Basic.',
  },
  'client.unknown': {
    sentence: 'There is no client with this client_id.',
    remedy:
      'Compare the client_id with the registration, letter by letter, and the issuer with the one at which the client is registered.',
  },
  'client.disabled': {
    sentence: 'The client is registered, and disabled.',
    remedy: 'Ask whoever registered the client to enable it again.',
  },
  'client.several_methods': {
    sentence: 'The request authenticates the client in more than one way.',
    remedy: 'Use one: the Authorization header, client_secret, or client_assertion.',
  },
  'client.names_differ': {
    sentence: 'The client_id in the form is not the one in the credentials.',
    remedy: 'Send the same client_id in both places, or only in the credentials.',
  },
  'client.header_malformed': {
    sentence: 'The Authorization header is not of the scheme Basic with base64(client_id:client_secret).',
    remedy:
      'Let the HTTP library make the header. Access tokens and other schemes authenticate no client here.',
  },
  'client.header_not_encoded': {
    sentence: 'The client_id or client_secret in the Authorization header is not form-encoded.',
    remedy:
      'Form-encode both before you join them with a colon (RFC 6749 section 2.3.1), or send them in the form.',
  },
  'client.not_authenticated': {
    sentence: 'The client has to authenticate, and sent no credentials.',
    remedy: 'Authenticate in the way that is expected. An empty client_secret counts as none.',
  },
  'client.method_not_registered': {
    sentence: 'The client authenticates in another way than the one it is registered for.',
    remedy: 'Authenticate in the way that is expected, or have the registration changed.',
  },
  'client.secret_wrong': {
    sentence: 'The client secret is not one of those that are registered.',
    remedy:
      'Compare the secret that is configured with the one you were given: a space or line break at its end counts. If it is lost, `listo client secret add` makes another one.',
  },
  'client.secret_expired': {
    sentence: 'The client secret has expired.',
    remedy: 'Get a new secret (`listo client secret add`), and configure it.',
  },
  'client.secret_not_encoded': {
    sentence: 'The client secret in the Authorization header is right, and not form-encoded.',
    remedy:
      'Form-encode the secret before you make the header (RFC 6749 section 2.3.1): a plus sign or percent sign in it was read as something else. Or send it in the form.',
  },
  'client.secret_in_spaces': {
    sentence: 'The client secret is right, and has spaces or line breaks around it.',
    remedy: 'Remove them, for example those at the end of the file from which the secret is read.',
  },
  'client.keys_none': {
    sentence: 'The client has to sign, and no keys are registered for it.',
    remedy: 'Register its public keys (jwks), or the address at which it publishes them (jwks_uri).',
  },
  'client.jwks_uri_failed': {
    sentence: 'The keys at the jwks_uri of the client cannot be had.',
    remedy:
      'Make the address answer this server with status 200 and a JWK set of public keys. The values say what happened; a proxy, or OUTBOUND_NETWORKS, may stand in the way.',
    clientReads: 'client.keys_unavailable',
  },
  'client.keys_unavailable': {
    sentence: 'The keys at the jwks_uri of the client cannot be had.',
    remedy:
      'Make the address answer this server within 5 seconds with status 200 and a JWK set of public keys. The operator reads what happened.',
  },
  'certificate.missing': {
    sentence: 'The client has to connect with its certificate, and the request came without one.',
    remedy:
      'Connect with the certificate, to the addresses in mtls_endpoint_aliases of the discovery document. The operator checks that the proxy passes it on (CLIENT_CERTIFICATE_HEADER).',
  },
  'certificate.unreadable': {
    sentence: 'The header with the client certificate does not have exactly one certificate.',
    remedy:
      'The operator compares the header that the proxy writes with CLIENT_CERTIFICATE_HEADER and its form.',
  },
  'certificate.not_in_time': {
    sentence: 'The client certificate has expired, or is not valid yet.',
    remedy: 'Renew the certificate. If it is new, compare the clocks.',
  },
  'certificate.issuer_unknown': {
    sentence: 'The client certificate is of no issuer that the operator trusts.',
    remedy:
      'Use a certificate of a trusted issuer, which has to have signed it directly. The operator adds issuers to CLIENT_CERTIFICATE_CA.',
  },
  'certificate.issuer_expired': {
    sentence: 'The certificate of the issuer has expired.',
    remedy: 'The operator replaces it in CLIENT_CERTIFICATE_CA.',
  },
  'certificate.not_for_clients': {
    sentence: 'The extended key usage of the certificate does not include client authentication.',
    remedy: 'Have the certificate issued for client authentication (1.3.6.1.5.5.7.3.2).',
  },
  'certificate.other_name': {
    sentence: 'The certificate does not have the name that is registered.',
    remedy:
      'Use the certificate of that name, or have the registration changed. Capitals count in a distinguished name.',
  },
  'certificate.not_among_keys': {
    sentence: 'The certificate is none of those in the registered or published keys of the client.',
    remedy: 'Add the certificate to the keys, as the first element of the x5c of one of them.',
  },
} as const satisfies Record<string, ReasonText>;
