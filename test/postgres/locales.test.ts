import { randomBytes } from 'node:crypto';
import knex from 'knex';
import { createPasswordStore } from '../../src/accounts/password-store.ts';
import { type Database, openDatabase } from '../../src/platform/database.ts';
import { migrate } from '../../src/platform/migrate.ts';
import { aPerson, HASH } from '../support/registrations/registration.ts';

const { TEST_DATABASE_URL: url = '' } = process.env;
const name = `listo_locale_${randomBytes(6).toString('hex')}`;

/** In Turkish, the small letter of I is a dotless one; in C, only the letters of ASCII have small ones. */
describe.each([
  ['Turkish, by ICU', "LOCALE_PROVIDER icu ICU_LOCALE 'tr-TR' LOCALE 'C'", 'ıé'],
  ['German, by ICU', "LOCALE_PROVIDER icu ICU_LOCALE 'de-DE' LOCALE 'C'", 'ié'],
  ['C', "LOCALE 'C'", 'iÉ'],
])('in a database whose locale is %s', (locale, options, small) => {
  const own = `${name}_${locale.length}`;
  let database: Database;
  beforeAll(async () => {
    const admin = knex({ client: 'pg', connection: url });
    await admin.raw(`CREATE DATABASE ?? TEMPLATE template0 ENCODING 'UTF8' ${options}`, [own]);
    await admin.destroy();
    database = await openDatabase({
      url: Object.assign(new URL(url), { pathname: `/${own}` }).href,
      poolSize: 2,
    });
    await migrate(database);
    await database.knex.raw("INSERT INTO instances (id, name) VALUES ('home', 'Home')");
  });
  afterAll(async () => {
    await database.close();
    const admin = knex({ client: 'pg', connection: url });
    await admin.raw('DROP DATABASE ?? WITH (FORCE)', [own]);
    await admin.destroy();
  });

  it('lower() is not what compares an address', async () => {
    const { rows } = await database.knex.raw("SELECT lower('IÉ') AS small");
    expect(rows).toEqual([{ small }]);
  });

  it.each([
    ['INFO@HOME.EXAMPLE', ['info@home.example', 'Info@Home.Example']],
    ['josé@home.example', ['JOSÉ@home.example', 'JOSE\u0301@HOME.EXAMPLE']],
    ['İlker@istanbul.example', ['i\u0307lker@ISTANBUL.example']],
    ['grete@bücher.example', ['GRETE@xn--bcher-kva.example', 'Grete@BÜCHER.EXAMPLE']],
  ])('%s is one person in every spelling', async (email, spellings) => {
    const { knex } = database;
    await knex('people').delete();
    await knex.raw(aPerson({ id: "'ada'", email: `'${email}'`, password_hash: `'${HASH}'` }));
    const passwords = createPasswordStore(knex);
    for (const typed of [email, ...spellings]) {
      const { found } = await passwords.find('home', typed);
      expect({ typed, id: found?.id }).toEqual({ typed, id: 'ada' });
      const second = knex.raw(aPerson({ id: "'new'", email: `'${typed}'` }));
      await expect(second).rejects.toThrow(
        'person "new": the person "ada" of the instance "home" has this e-mail address',
      );
    }
    expect((await passwords.find('home', 'ınfo@home.example')).found).toBeUndefined();
  });
});
