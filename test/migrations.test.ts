import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import knex from 'knex';
import { applyFunctions, digestOfFunctions, readFunctions } from '../migrations/functions.ts';
import { FUNCTIONS_SINCE, migrationSource } from '../migrations/index.ts';
import { describeFunctions, describeSchema, SCHEMA_FILE } from '../scripts/dump-schema.ts';
import { describeTables, TABLES_PAGE } from '../scripts/table-reference.ts';
import { type Database, openDatabase } from '../src/platform/database.ts';
import { OperatorError } from '../src/platform/errors.ts';
import { migrate } from '../src/platform/migrate.ts';
import { unique } from './support/servers/test-server.ts';

const ROOT = new URL('..', import.meta.url).pathname;

/** Two pools on one empty database, like those of two processes that start at once. */
let first: Database;
let second: Database;
let remove: () => Promise<void>;
let applied: string[][];

beforeAll(async () => {
  ({ first, second, remove } = await openEmptyDatabase());
  applied = await Promise.all([migrate(first), migrate(second)]);
});
afterAll(async () => {
  await second.close();
  await first.close();
  await remove();
});

async function openEmptyDatabase() {
  const { TEST_DATABASE_URL: url } = process.env;
  if (!url) {
    const dataDir = mkdtempSync(join(tmpdir(), 'listo-migrations-'));
    const embedded = await openDatabase({ dataDir });
    return {
      first: embedded,
      second: await openDatabase({ dataDir, shareRunning: true }),
      remove: async () => rmSync(dataDir, { recursive: true }),
    };
  }
  const name = unique('listo_migrations').replace('-', '_');
  const admin = knex({ client: 'pg', connection: url });
  await admin.raw('CREATE DATABASE ??', [name]);
  const own = Object.assign(new URL(url), { pathname: `/${name}` }).href;
  return {
    first: await openDatabase({ url: own, poolSize: 2 }),
    second: await openDatabase({ url: own, poolSize: 2 }),
    async remove() {
      await admin.raw('DROP DATABASE ?? WITH (FORCE)', [name]);
      await admin.destroy();
    },
  };
}

async function columnOf(sql: string): Promise<unknown[]> {
  const { rows } = await first.knex.raw<{ rows: Record<string, unknown>[] }>(sql);
  return rows.map((row) => Object.values(row)[0]);
}

describe('the migrations', () => {
  it('bring an empty database to the latest schema, once, when two processes start together', async () => {
    const all = await migrationSource.getMigrations([]);
    expect(applied.sort((a, b) => a.length - b.length)).toEqual([[], all]);
    expect(await first.knex('knex_migrations').orderBy('id').pluck('name')).toEqual(all);
  });

  it('do nothing the next time', async () => {
    expect(await migrate(second)).toEqual([]);
  });

  it('of a newer release are passed over, and named', async () => {
    const newer: string[][] = [];
    await first.knex('knex_migrations').insert({ name: '9999-future', batch: 9 });
    try {
      expect(await migrate(second, { onNewer: (names) => newer.push([...names]) })).toEqual([]);
      expect(newer).toEqual([['9999-future']]);
      const [, next] = await migrationSource.getMigrations([]);
      const row = await first.knex('knex_migrations').where({ name: next }).first();
      await first.knex('knex_migrations').where({ name: next }).delete();
      await expect(migrate(second)).rejects.toEqual(
        new OperatorError(
          'Another release has migrated this database: it has 9999-future, which this release does not know, and lacks 0002-protocol. Start the release that migrated it, or a later one.',
        ),
      );
      await first.knex('knex_migrations').insert(row);
    } finally {
      await first.knex('knex_migrations').where({ name: '9999-future' }).delete();
    }
  });

  it('that fail say which, why, and that nothing was changed', async () => {
    const before = await first.knex('knex_migrations').orderBy('id');
    await first.knex('knex_migrations').where({ name: '0014-guesses' }).delete();
    try {
      await expect(migrate(second)).rejects.toEqual(
        new OperatorError(
          'The migration 0014-guesses failed (relation "guesses" already exists), and nothing was changed. Correct what it says, and start again; the release that ran before still works.',
        ),
      );
    } finally {
      await first.knex('knex_migrations').delete();
      await first.knex('knex_migrations').insert(before);
    }
    expect(await migrate(second)).toEqual([]);
  });

  it('make the schema that is written down; after changing one: npm run schema', async () => {
    expect(await describeSchema(first.knex)).toBe(readFileSync(SCHEMA_FILE, 'utf8'));
  });

  it('make the tables that docs/tables.md explains; after changing one: npm run schema', async () => {
    expect(await describeTables(first.knex)).toBe(readFileSync(TABLES_PAGE, 'utf8'));
  });

  it('explain every table and every column', async () => {
    const unexplained = await columnOf(`
      SELECT concat_ws('.', relname, attname) FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition AND relname NOT LIKE 'knex%'
        AND attnum > 0 AND NOT attisdropped
        AND (col_description(c.oid, attnum) IS NULL OR obj_description(c.oid, 'pg_class') IS NULL)`);
    expect(unexplained).toEqual([]);
  });

  it('only go forward', async () => {
    for (const name of await migrationSource.getMigrations([])) {
      const migration = await migrationSource.getMigration(name);
      await expect(migration.down?.(first.knex)).rejects.toThrow('Migrations only go forward.');
    }
  });
});

describe('functions and triggers', () => {
  const rowVersions = () => columnOf('SELECT xmin::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY oid');

  it('are those of migrations/functions, to the letter', async () => {
    expect(await describeFunctions(first.knex)).toEqual(readFunctions());
  });

  it('changed with the last migration that says so; after changing one: a new migration, and its line in migrations/index.ts', () => {
    expect(Object.values(FUNCTIONS_SINCE).at(-1)).toBe(digestOfFunctions());
  });

  it('are named in the code, where they do more than refuse a registration', () => {
    const doing = Object.entries(readFunctions())
      .filter(([name, text]) => / TRIGGER /.test(text) && !/_validate|_complete$|_default_/.test(name))
      .map(([name]) => name);
    const sources = globSync('src/**/*.ts', { cwd: ROOT }).map((path) => readFileSync(ROOT + path, 'utf8'));
    expect(doing).toContain('end_session');
    expect(doing.filter((name) => !sources.some((source) => source.includes(`\`${name}\``)))).toEqual([]);
  });

  it('get the text of migrations/functions back, whatever they were before', async () => {
    await first.knex.raw(`
      CREATE OR REPLACE FUNCTION end_session() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
      DROP TRIGGER end_session ON sessions;
      DROP TRIGGER complete ON clients;
      CREATE CONSTRAINT TRIGGER complete AFTER INSERT ON clients FOR EACH ROW EXECUTE FUNCTION clients_complete();`);
    await applyFunctions(first.knex);
    expect(await describeFunctions(first.knex)).toEqual(readFunctions());
  });

  it('are left alone where they are triggers and have that text, because replacing one locks its table', async () => {
    const before = await rowVersions();
    await applyFunctions(first.knex);
    expect(await rowVersions()).toEqual(before);
  });
});

describe('what admins write', () => {
  /** The tables whose changes a seed prints, and consents, which they read. */
  const REGISTRATION = `SELECT tgrelid FROM pg_trigger WHERE tgname = 'record_change' UNION SELECT 'consents'::regclass`;

  it('is explained: every table and column has a comment', async () => {
    expect(
      await columnOf(`SELECT a.attrelid::regclass || '.' || attname FROM pg_attribute a
        WHERE attrelid IN (${REGISTRATION}) AND attnum > 0 AND NOT attisdropped
          AND (col_description(attrelid, attnum) IS NULL OR obj_description(attrelid, 'pg_class') IS NULL)`),
    ).toEqual([]);
    expect(await columnOf(`SELECT count(*)::int FROM (${REGISTRATION}) AS tables`)).toEqual([12]);
  });

  it('is refused with what to do: every CHECK has a comment', async () => {
    expect(
      await columnOf(`SELECT conname FROM pg_constraint
        WHERE conrelid IN (${REGISTRATION}) AND contype = 'c' AND obj_description(oid, 'pg_constraint') IS NULL`),
    ).toEqual([]);
  });

  it('is printed when a seed changes it, by the parts of its key', async () => {
    expect(
      await columnOf(`SELECT tgrelid::regclass || ': ' || trim(trailing '\\000' FROM encode(tgargs, 'escape'))
        FROM pg_trigger WHERE tgname = 'record_change' ORDER BY tgrelid::regclass::text COLLATE "C"`),
    ).toEqual([
      'client_secrets: client_id,name',
      'clients: id',
      'instances: id',
      'listnr_accepted_issuers: client_id,issuer',
      'listnr_client_secrets: client_id,name',
      'listnr_clients: id',
      'people: id',
      'upstream_identities: person_id,issuer',
      'upstream_providers: instance_id',
      'user_records: person_id,id',
      'worker_ids: person_id,worker_id',
    ]);
  });
});
