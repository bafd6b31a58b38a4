import { migrate } from '../../src/platform/migrate.ts';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
  // The tables as they were before the migration, with a row that breaks a rule of today.
  const { knex } = database;
  await knex.raw('ALTER TABLE clients DROP COLUMN answer_silently');
  await knex('knex_migrations').where('name', 'like', '%-answer-silently').delete();
  await knex('instances').insert({ id: 'home', name: 'Home' });
  await knex.raw('ALTER TABLE clients DISABLE TRIGGER validate');
  for (const [id, application_type, require_consent, name] of [
    ['app', 'native', false, 'App'],
    ['old', 'native', false, 'old\u202ename'],
    ['shared', 'native', true, 'Shared'],
    ['web', 'web', false, 'Web'],
  ]) {
    const type = 'public';
    const redirect_uris = ['https://app.example/callback'];
    await knex('clients').insert({
      id,
      instance_id: 'home',
      name,
      type,
      application_type,
      redirect_uris,
      require_consent,
    });
  }
  await knex.raw('ALTER TABLE clients ENABLE TRIGGER validate');
  await migrate(database);
});
afterAll(() => database.close());

const silent = () => database.knex('clients').where({ answer_silently: true }).orderBy('id').pluck('id');

describe('the migration of answer_silently', () => {
  it('keeps it for installed applications that asked nobody, and sets it for no other', async () => {
    expect(await silent()).toEqual(['app', 'old']);
  });

  it('leaves the triggers as they were', async () => {
    const { rows } = await database.knex.raw<{ rows: object[] }>(
      "SELECT DISTINCT tgenabled FROM pg_trigger WHERE tgrelid = 'clients'::regclass",
    );
    expect(rows).toEqual([{ tgenabled: 'O' }]);
  });

  it('does not set it for what an older process or an older seed registers afterwards', async () => {
    await database.knex.raw(`
      INSERT INTO clients (id, instance_id, name, type, application_type, redirect_uris, require_consent)
      VALUES ('new', 'home', 'New', 'public', 'native', '{com.example.new:/callback}', false)`);
    expect(await silent()).toEqual(['app', 'old']);
  });

  it('lets an older seed be applied again to what is there, and keeps the answer', async () => {
    await database.knex.raw(`
      INSERT INTO clients (id, instance_id, name, type, application_type, redirect_uris)
      VALUES ('app', 'home', 'Renamed', 'public', 'native', '{com.example.app:/callback}')
      ON CONFLICT (id) DO UPDATE SET name = excluded.name, redirect_uris = excluded.redirect_uris`);
    expect(await silent()).toEqual(['app', 'old']);
  });
});
