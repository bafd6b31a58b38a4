import { createPersonStore } from '../../src/accounts/person-store.ts';
import {
  anUpstream,
  aPerson,
  HASH,
  openRegistration,
  type Registration,
} from '../support/registrations/registration.ts';

const ORIGIN = { address: '192.0.2.1', requestId: 'upstream' };

const CREATED = Date.parse('2026-01-01T00:00:00Z') / 1000;

let registration: Registration;
beforeAll(async () => {
  registration = await openRegistration();
});
afterAll(() => registration.close());

const people = () => createPersonStore(registration.database.knex);
const updatedAt = async () => (await people().find('grace'))?.updatedAt;

/** Whether the claim is of the moment at which `sql` ran. */
async function changes(sql: string): Promise<boolean> {
  const { knex } = registration.database;
  const { rows } = await knex.raw('SELECT floor(extract(epoch FROM now()))::float AS now');
  await registration.apply(sql);
  const updated = (await updatedAt()) ?? 0;
  expect(updated === CREATED || updated >= rows[0].now).toBe(true);
  return updated !== CREATED;
}

beforeEach(async () => {
  await registration.apply(`
    DELETE FROM people WHERE id = 'grace';
    ${aPerson({
      id: "'grace'",
      email: "'grace@home.example'",
      name: "'Grace'",
      password_hash: `'${HASH}'`,
      created_at: "'2026-01-01T00:00:00.900Z'",
    })}`);
  // Rows of their own count as soon as they are there, unless the person is as new.
  await registration.apply(`
    INSERT INTO worker_ids VALUES ('grace', 'worker-1');
    INSERT INTO user_records VALUES ('grace', 'user-1', 'company-1');
    UPDATE people SET updated_at = NULL WHERE id = 'grace';`);
});

describe('the time at which a claim of a person last changed', () => {
  it('is that of the registration at first, in whole seconds', async () => {
    expect(await updatedAt()).toBe(CREATED);
  });

  it.each([
    "UPDATE people SET email = 'new@home.example' WHERE id = 'grace'",
    "UPDATE people SET email = 'Grace@home.example' WHERE id = 'grace'",
    "UPDATE people SET email_verified = true WHERE id = 'grace'",
    "UPDATE people SET name = 'Grace Hopper' WHERE id = 'grace'",
    "UPDATE people SET name = NULL WHERE id = 'grace'",
    "UPDATE people SET first_name = 'Grace' WHERE id = 'grace'",
    "UPDATE people SET last_name = 'Hopper' WHERE id = 'grace'",
    "UPDATE people SET worker_profile_id = 'worker-profile-1' WHERE id = 'grace'",
    "INSERT INTO worker_ids VALUES ('grace', 'worker-2')",
    "DELETE FROM worker_ids WHERE person_id = 'grace'",
    "UPDATE worker_ids SET worker_id = 'worker-3' WHERE person_id = 'grace'",
    "UPDATE worker_ids SET person_id = 'ada' WHERE person_id = 'grace'",
    "INSERT INTO user_records VALUES ('grace', 'user-2', 'company-1')",
    "UPDATE user_records SET client_id = 'company-2' WHERE person_id = 'grace'",
    "DELETE FROM user_records WHERE person_id = 'grace'",
  ])('is now after %s', async (sql) => {
    expect(await changes(sql)).toBe(true);
  });

  it.each([
    "UPDATE people SET name = 'Grace', email = 'grace@home.example' WHERE id = 'grace'",
    `UPDATE people SET password_hash = '${HASH.replace('TGYG', 'AGYG')}', disabled_at = NULL WHERE id = 'grace'`,
    "UPDATE people SET disabled_at = now() WHERE id = 'grace'; UPDATE people SET disabled_at = NULL WHERE id = 'grace'",
    "INSERT INTO worker_ids VALUES ('grace', 'worker-1') ON CONFLICT DO NOTHING",
    "INSERT INTO user_records VALUES ('grace', 'user-1', 'company-1') ON CONFLICT (person_id, id) DO UPDATE SET client_id = excluded.client_id",
    "INSERT INTO worker_ids VALUES ('ada', 'worker-1') ON CONFLICT DO NOTHING",
  ])('stays after %s', async (sql) => {
    expect(await changes(sql)).toBe(false);
  });

  it('is not moved by a provider that says the same again', async () => {
    const { knex } = registration.database;
    await registration.apply(`${anUpstream()} UPDATE people SET password_hash = NULL WHERE id = 'grace'`);
    const profile = {
      email: 'grace@home.example',
      emailVerified: false,
      name: 'Grace',
      firstName: null,
      lastName: null,
      workerProfileId: null,
    };
    await people().updateFromUpstream('grace', profile, { complete: true, origin: ORIGIN });
    expect(await updatedAt()).toBe(CREATED);
    await people().updateFromUpstream(
      'grace',
      { ...profile, lastName: 'Hopper' },
      { complete: true, origin: ORIGIN },
    );
    expect(await updatedAt()).toBeGreaterThan(CREATED);
    await knex('upstream_providers').delete();
  });

  it('adds nothing to what a seed prints', async () => {
    expect(await registration.apply("INSERT INTO worker_ids VALUES ('grace', 'worker-9')")).toEqual([
      { table: 'worker_ids', operation: 'insert', key: 'grace worker-9' },
    ]);
  });
});
