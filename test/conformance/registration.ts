import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { digestSecret, generateSecret, hashPassword } from '../../src/platform/secrets/digest.ts';
import { aCertificate, type TestCertificate } from '../support/clients/certificates.ts';
import type { Addresses } from './addresses.ts';
import type { Person } from './browser-steps.ts';
import { clientsOf, isFapi, PLANS, type Plan } from './plans.ts';

export const SEED = readFileSync(new URL('seed.sql', import.meta.url), 'utf8');
export const API = 'api';

/** A client of a plan, with what only the suite may know. */
export interface Client {
  id: string;
  plan: Plan;
  secret: string | undefined;
  /** Its private key as a JWK. */
  key: Record<string, unknown> | undefined;
  certificate: TestCertificate | undefined;
}

/** Everybody who is registered, with secrets and keys that are made anew for each run. */
export interface Registration {
  person: Person;
  clients: readonly Client[];
  apiSecret: string;
}

export function newRegistration(): Registration {
  return {
    person: { email: 'ada@conformance.example', password: generateSecret() },
    clients: PLANS.flatMap((plan) => clientsOf(plan).map((id) => newClient(id, plan))),
    apiSecret: generateSecret(),
  };
}

function newClient(id: string, plan: Plan): Client {
  return {
    id,
    plan,
    secret: plan.clients === 'secrets' ? generateSecret() : undefined,
    key: plan.clients === 'keys' ? newKey(id, isFapi(plan) ? 'PS256' : 'RS256') : undefined,
    certificate: plan.certificates ? aCertificate({ subject: [['2.5.4.3', id]] }) : undefined,
  };
}

/** FAPI 2.0 allows PS256, ES256 and EdDSA. A module that tries RS256 needs a key of RSA. */
function newKey(kid: string, alg: string): Record<string, unknown> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
}

/** The settings that `seed.sql` reads. */
export async function seedSettings(
  { person, clients, apiSecret }: Registration,
  { suite, alias }: Pick<Addresses, 'suite' | 'alias'>,
): Promise<Record<string, string>> {
  const rows = clients.map(({ id, plan, secret, key }) => ({
    id,
    plan: plan.id,
    profile: profileOf(plan),
    certificates: plan.certificates,
    jwks: key ? { keys: [publicPart(key)] } : null,
    digest: secret === undefined ? null : digestSecret(secret),
  }));
  return {
    suite,
    alias,
    clients: JSON.stringify(rows),
    api_digest: digestSecret(apiSecret),
    email: person.email,
    password_hash: await hashPassword(person.password),
  };
}

function profileOf(plan: Plan): string {
  if (!isFapi(plan)) return 'standard';
  return plan.id.startsWith('signing-') ? 'fapi2_message_signing' : 'fapi2';
}

function publicPart({ kty, n, e, kid, alg, use }: Record<string, unknown>): Record<string, unknown> {
  return { kty, n, e, kid, alg, use };
}
