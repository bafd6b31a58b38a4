import type { ListnrClient } from '../../clients/listnr/listnr-client.ts';
import type { SecretVerdict } from '../../clients/secrets/client-secrets.ts';
import type { LogFacts } from '../../http/records/log-fields.ts';
import { claimed } from '../../platform/log/claimed.ts';
import type { Refusal } from '../../refusals/reasons.ts';
import { instant, shown } from '../../refusals/shown.ts';
import { invalidClient, invalidRequest, unauthorizedClient } from '../../tokens/listnr/errors.ts';
import type { Directory } from '../directory.ts';

/**
 * Authenticates a client by its id and secret, and checks that the body's `client_id`, to which `client` belongs, is
 * the same.
 *
 * A caller without the right secret learns only that a client authenticates with ID tokens. The ids of such clients
 * are public: browsers receive them. The log learns which check failed.
 *
 * @throws HttpError 401 `invalid_client`, 403 `unauthorized_client`, 400 `invalid_request`.
 */
export async function authenticateBasic(
  credentials: { clientId: string; secret: string },
  { clientId, client }: { clientId: string; client: ListnrClient | undefined },
  { directory, note }: { directory: Directory; note(facts: LogFacts): void },
): Promise<ListnrClient> {
  const isBodys = credentials.clientId === clientId;
  if (isBodys && client?.pattern === 'authenticated_user')
    throw unauthorizedClient(
      'This client authenticates with ID tokens of its users (Authorization: Bearer).',
      { reason: 'listnr.id_token_required' },
    );

  const isKnown = directory.findClient(credentials.clientId) !== undefined;
  // The refusal is that of the client whose credentials came, whatever the body says.
  if (!isBodys) noteOther(credentials.clientId, { isKnown, note });
  const verdict = await directory.verifySecret(credentials.clientId, credentials.secret);
  if (!verdict.right) {
    note({ detail: isKnown ? 'invalid secret provided' : 'client not found' });
    throw invalidClient(
      'The client is unknown or its secret is wrong.',
      isKnown ? whyOfSecret(verdict) : { reason: 'listnr.client_unknown' },
      'basic',
    );
  }
  if (!isBodys || !client) {
    note({ clientIs: 'authenticated' });
    throw invalidRequest('client_id must be the client that the Authorization header names.', {
      reason: 'listnr.client_id_differs',
      came: { client_id: claimed(clientId) },
      expected: { client_id: shown(credentials.clientId) },
    });
  }
  return client;
}

const REASONS_BY_FAULT = {
  expired: 'listnr.secret_expired',
  spaces: 'listnr.secret_in_spaces',
  encoding: 'listnr.secret_encoded',
} as const;

function whyOfSecret({ because }: Extract<SecretVerdict, { right: false }>): Refusal {
  if (!because) return { reason: 'listnr.secret_wrong' };
  const reason = REASONS_BY_FAULT[because.fault];
  if (because.fault !== 'expired') return { reason };
  return { reason, came: { secret_name: shown(because.name), expired_at: instant(because.at) } };
}

function noteOther(
  clientId: string,
  { isKnown, note }: { isKnown: boolean; note(facts: LogFacts): void },
): void {
  note({ client: isKnown ? clientId : claimed(clientId), clientIs: 'claimed' });
}
