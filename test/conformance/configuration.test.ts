import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applySeed } from '../../src/platform/seeds/seed.ts';
import { openTestDatabase } from '../support/databases/test-database.ts';
import { rowsOf } from '../support/documents/rows.ts';
import type { Command, Visit } from './browser-steps.ts';
import { configurationOf, writeConfiguration } from './configuration.ts';
import { clientsOf, PLANS } from './plans.ts';
import { newRegistration, SEED, seedSettings } from './registration.ts';
import { trustSuiteCertificate } from './suite-certificate.ts';

const ADDRESSES = {
  issuer: 'https://login.example:9443',
  suite: 'https://suite.example:8443',
  alias: 'mine',
};
const registration = newRegistration();

type Configured = {
  alias: string;
  client: { client_id: string };
  browser: Visit[];
  override: Record<string, { browser: Visit[] }>;
};
const all = PLANS.map((plan) => configurationOf(plan, registration, ADDRESSES) as unknown as Configured);

describe('the configuration of the conformance suite', () => {
  it('has an alias of its own for each plan, and two clients', () => {
    expect(new Set(all.map(({ alias }) => alias)).size).toBe(PLANS.length);
    expect(all.map(({ client }) => client.client_id)).toEqual(PLANS.map((plan) => clientsOf(plan)[0]));
  });

  it('presses buttons and fills in fields that docs/conformance.md names', () => {
    const documented = rowsOf('docs/conformance.md', '| template |').flatMap(([, ids = '']) =>
      [...ids.matchAll(/`([^`]+)`/g)].map(([, id]) => id),
    );
    const known = new Set([...documented, 'email', 'password', 'submission_complete']);
    const commands = all
      .flatMap(({ browser, override }) => [
        ...browser,
        ...Object.values(override).flatMap((one) => one.browser),
      ])
      .flatMap(({ tasks }) => tasks)
      .flatMap(({ commands: own = [] }): readonly Command[] => own);
    const used = commands.filter(([, by]) => by === 'id').map(([, , id]) => id);
    expect(used.filter((id) => !known.has(id))).toEqual([]);
    expect(used.length).toBeGreaterThan(20);
  });

  it('is written for its owner alone, with the arguments of the suite’s script', async () => {
    const folder = join(await mkdtemp(join(tmpdir(), 'conformance-')), 'run');
    writeConfiguration(folder, registration, ADDRESSES);
    const files = await readdir(folder);
    expect(files.toSorted()).toEqual([...PLANS.map(({ id }) => `${id}.json`), 'arguments.txt'].toSorted());
    const modes = ['', ...files].map((file) => statSync(join(folder, file)).mode & 0o077);
    expect(new Set(modes)).toEqual(new Set([0]));
    expect(readFileSync(join(folder, 'arguments.txt'), 'utf8').split('\n')[0]).toBe(
      `oidcc-basic-certification-test-plan[server_metadata=discovery][client_registration=static_client] ${folder}/basic.json`,
    );
  });
});

describe('the certificate of the conformance suite', () => {
  it('is refused where the file has none', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'conformance-')), 'suite.pem');
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    expect(() => trustSuiteCertificate(file)).toThrow('ENOENT');
    writeFileSync(file, 'hello');
    expect(() => trustSuiteCertificate(file)).toThrow(`${file} has no certificate in PEM.`);
    writeFileSync(file, broken);
    expect(() => trustSuiteCertificate(file)).toThrow(`${file} has a certificate that nobody can read.`);
  });
});

describe('the seed of the conformance server', () => {
  it('registers two clients for each plan at the suite’s address, and no private key', async () => {
    const database = await openTestDatabase();
    try {
      const settings = await seedSettings(registration, ADDRESSES);
      await applySeed(database.knex, { name: 'seed.sql', sql: SEED, settings });
      const clients = await database.knex('clients').orderBy('id').select();
      expect(clients.map(({ id }) => id)).toEqual(['api', ...PLANS.flatMap(clientsOf)].toSorted());
      const keyed = clients.find(({ id }) => id === 'fapi2-dpop-openid-1');
      expect({
        uris: keyed.redirect_uris,
        profile: keyed.security_profile,
        keys: keyed.jwks.keys.length,
      }).toEqual({
        uris: [
          'https://suite.example:8443/test/a/mine-fapi2-dpop-openid/callback',
          'https://suite.example:8443/test/a/mine-fapi2-dpop-openid/callback?dummy1=lorem&dummy2=ipsum',
        ],
        profile: 'fapi2',
        keys: 1,
      });
      expect(Object.keys(keyed.jwks.keys[0]).toSorted()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
      expect(clients.find(({ id }) => id === 'back-channel-1').backchannel_logout_uri).toBe(
        'https://suite.example:8443/test/a/mine-back-channel/backchannel_logout',
      );
    } finally {
      await database.close();
    }
  });
});
