import { createDeniedSubjectStore } from '../../../src/accounts/denied-subject-store.ts';
import { createListnrClientStore } from '../../../src/clients/listnr/listnr-client-store.ts';
import { createSigningKeyStore } from '../../../src/keys/signing-key-store.ts';
import { type Look, onChange, watchVersions } from '../../../src/platform/copies/versions.ts';
import type { Queryable } from '../../../src/platform/database.ts';
import { isDatabaseUnavailable } from '../../../src/platform/database-errors.ts';
import { createSecretBox } from '../../../src/platform/secrets/secret-box.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';

const NEVER = new AbortController().signal;
const nobody = { registration: [], keys: [], people: [] };

describe('watching the versions', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterAll(() => database.close());

  const raise = (name: string) => database.knex('versions').where({ name }).increment('version', 1);

  it('tells every watcher of every look, and what acts on changes of changes', async () => {
    const looks: string[] = [];
    let changes = 0;
    const { run } = watchVersions(database.knex, {
      ...nobody,
      people: [
        async ({ version }) => void looks.push(version),
        onChange(() => {
          changes += 1;
        }),
      ],
    });
    await run(NEVER);
    await run(NEVER);
    expect(changes).toBe(1);
    await raise('people');
    await run(NEVER);
    expect(changes).toBe(2);
    expect(looks).toEqual(['1', '1', '2']);
  });

  it('tells the others when one fails, and that one again at the next look', async () => {
    let works = false;
    const told: string[] = [];
    const { run } = watchVersions(database.knex, {
      registration: [
        onChange(() => {
          told.push('registration');
          if (!works) throw new Error('a key that opens nothing');
        }),
      ],
      keys: [onChange(() => told.push('keys'))],
      people: [onChange(() => told.push('people'))],
    });
    await expect(run(NEVER)).rejects.toThrow('a key that opens nothing');
    expect(told.toSorted()).toEqual(['keys', 'people', 'registration']);
    works = true;
    await run(NEVER);
    await run(NEVER);
    expect(told.toSorted()).toEqual(['keys', 'people', 'registration', 'registration']);
  });

  it('says after a look that failed that it did, once', async () => {
    const looks: Look[] = [];
    let changes = 0;
    const { run } = watchVersions(database.knex, {
      ...nobody,
      keys: [
        async (look) => void looks.push(look),
        onChange(() => {
          changes += 1;
        }),
      ],
    });
    await run(NEVER);
    await database.knex.raw('ALTER TABLE versions RENAME TO away');
    await expect(run(NEVER)).rejects.toThrow('versions');
    await database.knex.raw('ALTER TABLE away RENAME TO versions');
    await run(NEVER);
    await run(NEVER);
    expect(looks.map(({ afterFailure }) => afterFailure)).toEqual([false, true, false]);
    expect(changes).toBe(2);
  });

  it('takes no notice of a version that a newer release added', async () => {
    const told: string[] = [];
    await database.knex.raw('ALTER TABLE versions DROP CONSTRAINT version_name_known');
    await database.knex('versions').insert({ name: 'of-a-newer-release' });
    const { run } = watchVersions(database.knex, {
      ...nobody,
      people: [async () => void told.push('people')],
    });
    await run(NEVER);
    await database.knex('versions').where({ name: 'of-a-newer-release' }).delete();
    expect(told).toEqual(['people']);
  });

  it('believes nothing that a standby says, which may be behind', async () => {
    const box = createSecretBox([Buffer.alloc(32, 7)]);
    const readings: ((db: Queryable) => Promise<unknown>)[] = [
      (db) => watchVersions(db, nobody).run(NEVER),
      (db) => createListnrClientStore(db).readAll(),
      (db) => createDeniedSubjectStore(db).readAll(),
      (db) => createSigningKeyStore(db, box).read('listnr'),
    ];
    for (const reading of readings) {
      const trx = await database.knex.transaction();
      try {
        await reading(trx);
        await trx.raw(
          'CREATE FUNCTION pg_is_in_recovery() RETURNS boolean LANGUAGE sql AS $$ SELECT true $$',
        );
        await trx.raw('SET LOCAL search_path = public, pg_catalog');
        const error = await reading(trx).catch((thrown: unknown) => thrown);
        expect(error).toEqual(
          new Error('The database is a standby just now, and what it says may be out of date.'),
        );
        // A server that starts then waits instead of ending.
        expect(isDatabaseUnavailable(error)).toBe(true);
      } finally {
        await trx.rollback();
      }
    }
  });
});
