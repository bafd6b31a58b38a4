import type { Refusal } from '../../refusals/reasons.ts';
import { instant, shown } from '../../refusals/shown.ts';
import type { Client } from '../client.ts';
import type { SecretVerdict } from '../secrets/client-secrets.ts';
import { isFapi } from '../security-profile.ts';
import type { Credentials } from './credentials.ts';

/** The ways in which a client may authenticate, as discovery names them. */
export function namesOfMethods(client: Client): string[] {
  const { type, jwks, jwksUri, certificateAuthentication } = client;
  if (certificateAuthentication) return [certificateAuthentication.method];
  if (isFapi(client)) return ['private_key_jwt'];
  if (type === 'public') return ['none'];
  return jwks || jwksUri !== null ? ['private_key_jwt'] : ['client_secret_basic', 'client_secret_post'];
}

/** The way in which a request authenticates. */
export function nameOfMethod(credentials: Credentials): string {
  if (credentials.method === 'none') return 'none';
  if (credentials.method === 'assertion') return 'private_key_jwt';
  return credentials.written === undefined ? 'client_secret_post' : 'client_secret_basic';
}

const REASONS_BY_FAULT = {
  expired: 'client.secret_expired',
  spaces: 'client.secret_in_spaces',
  encoding: 'client.secret_not_encoded',
} as const;

export function whyOfSecret({ because }: Extract<SecretVerdict, { right: false }>): Refusal {
  if (!because) return { reason: 'client.secret_wrong' };
  const reason = REASONS_BY_FAULT[because.fault];
  if (because.fault !== 'expired') return { reason };
  return { reason, came: { secret_name: shown(because.name), expired_at: instant(because.at) } };
}
