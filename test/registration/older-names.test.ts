import { aClient, openRegistration, type Registration } from '../support/registrations/registration.ts';

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

describe('scopes from before openid was required', () => {
  beforeAll(async () => {
    const { knex } = registration.database;
    await knex.raw('ALTER TABLE clients DISABLE TRIGGER validate');
    await knex.raw("UPDATE clients SET scopes = '{profile}' WHERE id = 'web'");
    await knex.raw('ALTER TABLE clients ENABLE TRIGGER validate');
  });

  it.each([
    "UPDATE clients SET disabled_at = now(), name = 'Web' WHERE id = 'web'",
    "UPDATE clients SET scopes = '{profile,email}' WHERE id = 'web'",
    "UPDATE clients SET scopes = '{openid}' WHERE id = 'web'",
    aClient({ scopes: "'{profile}'" }).replace(
      ';',
      ' ON CONFLICT (id) DO UPDATE SET scopes = excluded.scopes',
    ),
  ])('stay, and keep nobody from changing the rest: %s', (sql) => registration.expectAccepted(sql));
});

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
