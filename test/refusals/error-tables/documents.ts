import { rowsOf } from '../../support/documents/rows.ts';

/** The rows of the error tables that the Listo guide and the LiSTNR documents have, and of the guide's examples. */
const GUIDE: readonly string[] = [
  ...[
    'invalid_request',
    'unauthorized_client',
    'access_denied',
    'unsupported_response_type',
    'invalid_scope',
    'server_error',
  ].map((error) => `guide authorization ${error}`),
  ...[
    'invalid_request',
    'invalid_client',
    'invalid_grant',
    'unauthorized_client',
    'unsupported_grant_type',
    'invalid_scope',
  ].map((error) => `guide token ${error}`),
  'guide userinfo invalid_token',
  'guide userinfo insufficient_scope',
  'guide callback Invalid scopes',
  'guide exchange Authorization code expired',
  'guide userinfo Access token expired',
  'listnr 400 invalid_request',
  'listnr 400 invalid_scope',
  'listnr 401 invalid_client',
  'listnr 401 invalid_token',
  'listnr 403 unauthorized_client',
  'listnr 415 invalid_request',
  'listnr 429',
];

/** Rows of answers that are no refusals, which are not recorded. */
export const NO_REFUSALS: ReadonlySet<string> = new Set(['authorization_pending 400']);

/** All rows, by name: those of docs/integrating.md by their first cell. */
export function rowsOfDocuments(): string[] {
  const own = rowsOf('docs/integrating.md', '| `error`, status |').map(([error = '']) =>
    error.replaceAll('`', ''),
  );
  return [...own, ...GUIDE];
}
