import { openRegistration, type Registration } from '../support/registrations/registration.ts';

let registration: Registration;
beforeAll(async () => {
  registration = await openRegistration();
  // The rows of an older release, which did not look at names.
  for (const [table, id, columns] of [
    ['instances', 'home', 'name'],
    ['clients', 'web', 'name'],
    ['people', 'ada', 'name, first_name, last_name, email'],
  ]) {
    const values = columns?.split(', ').map((column) => `${column} = U&'a\\202E@b'`);
    const { knex } = registration.database;
    await knex.raw(`ALTER TABLE ${table} DISABLE TRIGGER validate`);
    await knex.raw(`UPDATE ${table} SET ${values?.join(', ')} WHERE id = '${id}'`);
    await knex.raw(`ALTER TABLE ${table} ENABLE TRIGGER validate`);
  }
});
afterAll(() => registration.close());

describe('a name from before control characters were refused', () => {
  it.each([
    "UPDATE people SET disabled_at = now() WHERE id = 'ada'",
    "UPDATE people SET name = name, email = email, first_name = first_name WHERE id = 'ada'",
    "UPDATE people SET last_name = 'Lovelace' WHERE id = 'ada'",
    "UPDATE clients SET disabled_at = now() WHERE id = 'web'",
    "UPDATE instances SET brand_color = '#000000' WHERE id = 'home'",
  ])('keeps nobody from changing the rest: %s', (sql) => registration.expectAccepted(sql));

  it('is replaced only by one without them', async () => {
    await expect(registration.apply("UPDATE people SET name = U&'\\2066a' WHERE id = 'ada'")).rejects.toThrow(
      'person "ada": name has the control character U+2066',
    );
  });
});
