import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Addresses, aliasOf } from './addresses.ts';
import { browserSteps } from './browser-steps.ts';
import { isFapi, PLANS, type Plan } from './plans.ts';
import type { Client, Registration } from './registration.ts';

/** The suite's configuration of a plan, in its own format. */
export function configurationOf(
  plan: Plan,
  { person, clients }: Registration,
  addresses: Addresses,
): Record<string, unknown> {
  const { issuer } = addresses;
  const [first, second] = clients.filter((client) => client.plan === plan);
  if (!first || !second) throw new Error(`The plan ${plan.id} has no two clients.`);
  const resource = plan.scope.startsWith('openid') ? '/auth/userinfo' : '/resource';
  return {
    alias: aliasOf(addresses, plan),
    description: `${plan.id} of ${issuer}`,
    server: { discoveryUrl: `${issuer}/.well-known/openid-configuration` },
    client: { ...credentialsOf(first), client_name: `${plan.id} 1` },
    client2: { ...credentialsOf(second), client_name: `${plan.id} 2` },
    ...(plan.clients === 'secrets' ? { client_secret_post: credentialsOf(first) } : {}),
    ...(plan.certificates ? { mtls: certificateOf(first), mtls2: certificateOf(second) } : {}),
    ...(isFapi(plan) ? { resource: { resourceUrl: `${issuer}${resource}` } } : {}),
    ...browserSteps(addresses, person),
    options: { browsercontrol_css_enable: false },
  };
}

function credentialsOf({ id, plan, secret, key }: Client): Record<string, unknown> {
  return {
    client_id: id,
    scope: plan.scope,
    ...(secret === undefined ? {} : { client_secret: secret }),
    ...(key === undefined ? {} : { jwks: { keys: [key] } }),
  };
}

function certificateOf({ certificate }: Client): Record<string, unknown> {
  return { cert: certificate?.pem, key: certificate?.privatePem };
}

/**
 * Writes a file for each plan, and `arguments.txt`, which the suite's own `run-test-plan.py` takes: a line has the
 * plan with its variant, and the file. The folder holds private keys, so only its owner may read it.
 */
export function writeConfiguration(folder: string, registration: Registration, addresses: Addresses): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text, { mode: 0o600 });
  for (const plan of PLANS) {
    const configuration = configurationOf(plan, registration, addresses);
    write(`${plan.id}.json`, `${JSON.stringify(configuration, null, 2)}\n`);
  }
  const lines = PLANS.map((plan) => `${plan.name}${variantOf(plan)} ${join(folder, `${plan.id}.json`)}`);
  write('arguments.txt', `${lines.join('\n')}\n`);
}

function variantOf({ variant }: Plan): string {
  return Object.entries(variant)
    .map(([name, value]) => `[${name}=${value}]`)
    .join('');
}
