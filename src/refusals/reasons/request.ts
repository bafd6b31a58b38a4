import type { ReasonText } from '../reason-text.ts';

/** Any endpoint gives these: for the form of a request, for limits, and while something is away. */
export const REQUEST_REASONS = {
  'parameter.missing': {
    sentence: 'The request lacks a parameter.',
    remedy: 'Send the parameters that are expected. An empty one counts as missing.',
  },
  'parameter.repeated': {
    sentence: 'The request has a parameter more than once.',
    remedy: 'Send each parameter once, either in the address or in the body.',
  },
  'parameter.too_many': {
    sentence: 'The request has too many parameters.',
    remedy: 'Send only the parameters that the endpoint knows.',
  },
  'parameter.malformed': {
    sentence: 'A parameter is not valid percent-encoded UTF-8, or contains a NUL character.',
    remedy: 'Encode names and values with the URL encoding of your HTTP library.',
  },
  'parameter.not_text': {
    sentence: 'A value of the JSON body is not a string.',
    remedy: 'Write every value as a string, also numbers, or send a form.',
  },
  'body.too_large': {
    sentence: 'The body of the request is too large.',
    remedy: 'Send at most 64 KiB. If the body is a form, look for a parameter that does not belong into it.',
  },
  'body.compressed': {
    sentence: 'The body of the request is compressed.',
    remedy: 'Send the body without a Content-Encoding.',
  },
  'body.not_utf8': {
    sentence: 'The body of the request is not UTF-8.',
    remedy: 'Encode the body as UTF-8.',
  },
  'body.ended_early': {
    sentence: 'The connection ended before the whole body had arrived.',
    remedy:
      'Send as many bytes as Content-Length says, and look at the proxies between the client and this server.',
  },
  'body.other_type': {
    sentence: 'The Content-Type of the request is not one that this address takes.',
    remedy: 'Send the body in the type that is expected, with that Content-Type.',
  },
  'body.not_json': {
    sentence: 'The body says that it is JSON, and cannot be read as JSON.',
    remedy: 'Let a JSON library write the body, or send a form with the Content-Type of a form.',
  },
  'body.not_object': {
    sentence: 'The JSON body is not an object.',
    remedy: 'Send one JSON object, with the parameters as its members.',
  },
  'body.broken_text': {
    sentence: 'A text of the JSON body contains a NUL character or half a surrogate pair.',
    remedy: 'Send well-formed Unicode text without NUL characters.',
  },
  'request.too_slow': {
    sentence: 'The request did not arrive in time.',
    remedy:
      'Send head and body at once. If you do, look at the network and the proxies between the client and this server.',
  },
  'request.malformed': {
    sentence: 'The request is not well-formed HTTP.',
    remedy: 'Use an HTTP library, and look at the proxies between the client and this server.',
  },
  'head.too_large': {
    sentence: 'The head of the request is too large.',
    remedy:
      'Send fewer or smaller headers and parameters. Push a large authorization request first (RFC 9126).',
  },
  'address.unknown': {
    sentence: 'There is nothing at this address.',
    remedy:
      'Take the addresses from the discovery document. Capitals, and a slash at the end, make another address.',
  },
  'method.not_allowed': {
    sentence: 'The address does not take this method.',
    remedy: 'Send one of the methods that are expected.',
  },
  'origin.not_allowed': {
    sentence: 'A page sent the request whose origin the client does not have.',
    remedy:
      'Register a redirect URI at that origin, or send the request from a page of a registered one. Servers send no Origin header.',
  },
  'limit.requests': {
    sentence:
      'Too many requests came from the same network address within a minute, or too many that were refused.',
    remedy:
      'Wait as long as Retry-After says. If many clients share an address, the operator checks TRUSTED_PROXIES and REQUESTS_PER_MINUTE.',
  },
  'limit.failures': {
    sentence: 'The client failed to authenticate too often within a minute.',
    remedy:
      'Mend the credentials first: the refusals before this one say what is wrong. Then wait as long as Retry-After says.',
  },
  'service.database_away': {
    sentence: 'The database did not answer in time.',
    remedy:
      'Try again as long after as Retry-After says. The operator finds the cause in the log and with `listo doctor`.',
  },
  'service.key_missing': {
    sentence: 'There is no key yet for the signature algorithm of the client.',
    remedy:
      'Try again in a few seconds. If it stays, the operator looks at `listo keys list` and at the log.',
  },
  'service.hashes_waiting': {
    sentence: 'Too many secrets and passwords were being checked at once.',
    remedy:
      'Try again as long after as Retry-After says. Secrets that this server made (`listo client secret add`) need no slow check.',
  },
  'service.failure': {
    sentence: 'The server made a mistake.',
    remedy: 'Tell the operator the id of the request. The log has the whole error.',
  },
} as const satisfies Record<string, ReasonText>;
