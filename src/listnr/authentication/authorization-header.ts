import { invalidClient } from '../../tokens/listnr/errors.ts';

export type Credentials =
  | { scheme: 'basic'; clientId: string; secret: string }
  | { scheme: 'bearer'; token: string };

/** RFC 9110 section 11.4: a scheme in any case, spaces, and one token68. */
const HEADER = /^([A-Za-z]+) +([A-Za-z0-9\-._~+/]+=*)$/;
/** RFC 7617 section 2 allows no control character in either part. */
const CONTROL = /\p{Cc}/u;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads an `Authorization` header: a client's own credentials, or a user's ID token.
 * @throws HttpError 401 `invalid_client` when the header is missing or unreadable.
 */
export function readAuthorization(header: string): Credentials {
  if (header === '') {
    throw invalidClient(
      "Authenticate with a user's ID token (Authorization: Bearer) or the client's secret (Authorization: Basic).",
      { reason: 'listnr.authorization_missing' },
      'basic',
      'bearer',
    );
  }
  const [, scheme = '', value = ''] = HEADER.exec(header) ?? [];
  switch (scheme.toLowerCase()) {
    case 'basic':
      return { scheme: 'basic', ...readBasic(value) };
    case 'bearer':
      return { scheme: 'bearer', token: value };
    default:
      throw invalidClient(
        'The Authorization header must be Bearer and an ID token, or Basic and base64(client_id:client_secret).',
        { reason: 'listnr.authorization_malformed' },
        'basic',
        'bearer',
      );
  }
}

/** The id and secret are not form-encoded: that is RFC 6749's way, not RFC 7617's. */
function readBasic(value: string): { clientId: string; secret: string } {
  const text = strictBase64(value);
  const colon = text?.indexOf(':') ?? -1;
  if (text === undefined || colon < 1 || CONTROL.test(text)) {
    throw invalidClient(
      'The Basic credentials must be base64(client_id:client_secret), in UTF-8.',
      { reason: 'listnr.basic_malformed' },
      'basic',
    );
  }
  return { clientId: text.slice(0, colon), secret: text.slice(colon + 1) };
}

/** Node skips characters that are not base64; encoding again reveals them. */
function strictBase64(value: string): string | undefined {
  const bytes = Buffer.from(value, 'base64');
  if (bytes.toString('base64') !== value) return undefined;
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
