import { jest } from '@jest/globals';
import * as canonicalAddresses from '../../migrations/0025-canonical-addresses.ts';
import { aPerson, openRegistration, type Registration } from '../support/registrations/registration.ts';

let registration: Registration;
beforeAll(async () => {
  registration = await openRegistration();
});
afterAll(() => registration.close());

describe('the migration that compares addresses by their canonical form', () => {
  it('names the people of an instance whose addresses become one, and changes none of them', async () => {
    const { knex } = registration.database;
    const warned = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    await knex.raw(`
      DROP INDEX people_canonical_address;
      CREATE INDEX people_address ON people (instance_id, lower(email)) WHERE password_hash IS NULL;
      ALTER TABLE people DISABLE TRIGGER validate_address;
      INSERT INTO instances (id, name) VALUES ('federated', 'Federated');
      INSERT INTO upstream_providers (instance_id, issuer, client_id) VALUES ('federated', 'https://idp.example', 'listo');
      UPDATE instances SET authentication = 'oidc' WHERE id = 'federated';
      ${aPerson({ id: "'one'", email: "'zoë@bücher.example'", created_at: "'2026-01-01Z'" })}
      ${aPerson({ id: "'two'", email: "'ZOË@xn--bcher-kva.example'", created_at: "'2026-01-02Z'" })}
      ${aPerson({ id: "'three'", email: "U&'zoe\\0308@bu\\0308cher.example'", created_at: "'2026-01-03Z'" })}
      ${aPerson({ id: "'elsewhere'", instance_id: "'other'", email: "'zoë@bücher.example'" })}
      ${aPerson({ id: "'federated-1'", instance_id: "'federated'", email: "'zoë@bücher.example'" })}
      ${aPerson({ id: "'federated-2'", instance_id: "'federated'", email: "'zoë@xn--bcher-kva.example'" })}
      ALTER TABLE people ENABLE TRIGGER validate_address;`);
    const before = await knex('people').orderBy('id');
    await knex.transaction((trx) => canonicalAddresses.up(trx));
    expect(await knex('people').orderBy('id')).toEqual(before);
    expect(warned.mock.calls).toEqual([
      [
        'These people of the instance home have one e-mail address, in several spellings: one, two, three. Each still signs in with their own spelling; any other is that of the first. Give the others an address of their own.',
      ],
    ]);
    warned.mockRestore();
  });

  it('lets an admin change such a person, and give them another address', () =>
    registration.expectAccepted(`
      UPDATE people SET name = 'Zoë', email = 'zoë@xn--bcher-kva.example' WHERE id = 'two';
      UPDATE people SET email = 'zoe@home.example' WHERE id = 'three';`));
});
