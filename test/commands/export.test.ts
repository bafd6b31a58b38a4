import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Knex } from 'knex';
import { EXPORTED_TABLES } from '../../src/commands/export/seed-files.ts';
import { applySeeds, rehearseSeeds } from '../../src/platform/seeds/run/run-seeds.ts';
import { changesOf } from '../../src/platform/seeds/run/seed-run.ts';
import { applySeed } from '../../src/platform/seeds/seed.ts';
import { readSeedFile } from '../../src/platform/seeds/seed-file.ts';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';
import { blocksOf } from '../support/documents/blocks.ts';
import { runOn } from '../support/registrations/command-line.ts';
import { DIGEST, HASH } from '../support/registrations/registration.ts';

const PAGE = 'docs/registering-clients.md';
const TIMES = ['created_at', 'updated_at', 'last_used_at'];

let folder: string;
let source: TestDatabase;
let target: TestDatabase;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'listo-export-'));
  source = await openTestDatabase('demo');
  target = await openTestDatabase();
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await source.close();
  await target.close();
});

/** Writes all registrations of `source`, people included, into a new folder. */
async function exported(name: string): Promise<string> {
  const path = join(folder, name);
  expect(await runOn(source, ['export', path, '--people'])).toMatchObject({ code: 0 });
  return path;
}

const filesOf = (path: string) =>
  readdirSync(path)
    .toSorted()
    .map((name) => ({ name, sql: readSeedFile(join(path, name)) }));

const applyAll = (database: TestDatabase, path: string) => applySeeds(database.knex, filesOf(path));

/** The rows that the files would change, and what their author should know. */
async function planned(database: TestDatabase, path: string) {
  const run = await rehearseSeeds(database.knex, filesOf(path), { remarks: true });
  return {
    changes: changesOf(run).map(({ table, operation, key }) => ({ table, operation, key })),
    remarks: run.files.flatMap(({ statements }) => statements.flatMap(({ remarks }) => remarks)),
  };
}

const emptied = ({ knex }: TestDatabase) => knex.raw('DELETE FROM instances; DELETE FROM listnr_clients');

/** Every column of every registration table as text, but those times. */
async function registrations({ knex }: TestDatabase): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const table of EXPORTED_TABLES) {
    const { rows } = await knex.raw(
      `SELECT (to_jsonb(t) - ?::text[])::text AS text FROM ?? AS t ORDER BY 1`,
      [TIMES, table],
    );
    found[table] = rows.map(({ text }: { text: string }) => text);
  }
  return found;
}

/** An empty database gets the same rows, and neither database changes when the files are applied again. */
async function expectSameRows(name: string): Promise<void> {
  const path = await exported(name);
  await emptied(target);
  await applyAll(target, path);
  const rows = await registrations(source);
  expect(await registrations(target)).toEqual(rows);
  for (const database of [source, target])
    expect(await planned(database, path)).toEqual({ changes: [], remarks: [] });
}

describe('an export', () => {
  it('holds all registration tables', async () => {
    const { rows } = await source.knex.raw(
      "SELECT tgrelid::regclass::text AS name FROM pg_trigger WHERE tgname = 'record_change' ORDER BY 1",
    );
    expect(EXPORTED_TABLES.toSorted()).toEqual(rows.map(({ name }: { name: string }) => name));
  });

  it('of the demo makes the same rows in an empty database', async () => {
    await expectSameRows('demo');
    expect((await registrations(target)).clients).toHaveLength(3);
  });

  it('makes the same rows of each block that docs/registering-clients.md has', async () => {
    const blocks = blocksOf(PAGE).filter(
      ({ language, text }) => language === 'sql' && !text.startsWith('SELECT'),
    );
    expect(blocks.length).toBeGreaterThan(15);
    // The rows of a block stay, so a comparison is about several blocks.
    for (const [n, { text }] of blocks.entries()) {
      await applySeed(source.knex, { name: PAGE, sql: text });
      if (n % 6 === 5 || n === blocks.length - 1) await expectSameRows(`block-${n}`);
    }
  }, 120_000);

  it('is the same bytes twice, for its owner alone, in files by instance', async () => {
    const one = await exported('once');
    const other = await exported('twice');
    const names = readdirSync(one);
    expect(names).toEqual(expect.arrayContaining(['instance-demo.sql', 'listnr.sql', 'people-demo.sql']));
    expect(readdirSync(other)).toEqual(names);
    for (const name of names) {
      expect(readFileSync(join(other, name), 'utf8')).toBe(readFileSync(join(one, name), 'utf8'));
      expect(statSync(join(one, name)).mode & 0o777).toBe(0o600);
    }
    expect(statSync(one).mode & 0o777).toBe(0o700);
  });

  it('has people only where they are asked for', async () => {
    const path = join(folder, 'no-people');
    const { code, err } = await runOn(source, ['export', path]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(readdirSync(path).filter((name) => name.startsWith('people'))).toEqual([]);
    const texts = readdirSync(path).map((name) => readFileSync(join(path, name), 'utf8'));
    expect(texts.join()).not.toContain('argon2id$');
  });

  it('brings no old password back', async () => {
    const path = await exported('passwords');
    await source.knex('people').whereNotNull('password_hash').update({ password_hash: HASH });
    expect((await planned(source, path)).changes).toEqual([]);
  });

  it('brings a column back to its default that somebody changed meanwhile', async () => {
    const path = await exported('defaults');
    await source.knex('clients').where({ id: 'client_demo_spa' }).update({ require_dpop: true });
    expect((await planned(source, path)).changes).toEqual([
      { table: 'clients', operation: 'update', key: 'client_demo_spa' },
    ]);
    await applyAll(source, path);
    expect(await source.knex('clients').where({ id: 'client_demo_spa' }).first('require_dpop')).toEqual({
      require_dpop: false,
    });
  });
});

describe('an export of odd values', () => {
  /** Text that Postgres takes: no NUL, no half of a pair. */
  const odd = (maxLength: number) =>
    fc
      .oneof(
        fc.string({ unit: 'binary', minLength: 1, maxLength }),
        fc.constantFrom(
          "O'Brien",
          'a\\b',
          "\\'; --",
          'line\r\nline\n',
          '\u202Ee\u001B[2J',
          '\u{1F600}\u{E0041}',
          'NULL',
          '{a,"b"}',
        ),
      )
      .map((text) => text.replaceAll('\0', '0').toWellFormed())
      .filter((text) => [...text].length <= maxLength);

  it('makes the same rows', async () => {
    await emptied(source);
    await source.knex('instances').insert({ id: 'odd', name: 'Odd', authentication: 'password' });
    await source.knex('people').insert({ id: 'p', instance_id: 'odd' });
    await source
      .knex('upstream_providers')
      .insert({ instance_id: 'odd', issuer: 'https://idp.example', client_id: 'x' });
    const row = fc.record({
      text: odd(200),
      names: odd(60).map((text) => `x${text.replaceAll(/[\p{C}\p{Z}]/gu, '')}`.slice(0, 79).toWellFormed()),
      member: odd(60),
    });
    let n = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (rows) => {
        await source.knex.transaction(async (trx) => {
          await trx.raw(
            'DELETE FROM user_records; DELETE FROM listnr_clients; DELETE FROM upstream_identities',
          );
          await trx('clients').delete();
          for (const [at, odd] of rows.entries()) await insertOdd(trx, `${at}`, odd);
        });
        n += 1;
        await expectSameRows(`odd-${n}`);
      }),
      { numRuns: 10, seed: 16 },
    );
  }, 600_000);

  it('makes the same lists: with nulls, commas and quotes, from another number than 1, and very long ones', async () => {
    const lists = [
      "ARRAY['a,b', 'c\"d', '{}', 'NULL', NULL, '']::text[]",
      "'[3:4]={a,b}'::text[]",
      "'{{a,b},{c,d}}'::text[]",
      'ARRAY[NULL]::text[]',
      "ARRAY(SELECT 'https://app.example/' || n FROM generate_series(1, 5000) AS n)",
    ];
    // Rows from before a rule may hold what no seed brings in any more.
    const triggers = (how: string) =>
      Promise.all(
        [source, target].map(({ knex }) => knex.raw(`ALTER TABLE clients ${how} TRIGGER validate`)),
      );
    await emptied(source);
    await source.knex('instances').insert({ id: 'lists', name: 'Lists' });
    await triggers('DISABLE');
    try {
      for (const [n, list] of lists.entries())
        await source.knex.raw(
          `INSERT INTO clients (id, instance_id, name, type, redirect_uris) VALUES ('list-${n}', 'lists', 'List', 'public', ${list})`,
        );
      await expectSameRows('lists');
      const dimensions = () =>
        target.knex('clients').orderBy('id').select(target.knex.raw('array_dims(redirect_uris)'));
      expect(await dimensions()).toEqual(
        ['[1:6]', '[3:4]', '[1:2][1:2]', '[1:1]', '[1:5000]'].map((dims) => ({ array_dims: dims })),
      );
    } finally {
      await emptied(source);
      await emptied(target);
      await triggers('ENABLE');
    }
  });
});

async function insertOdd(
  trx: Knex,
  at: string,
  { text, names, member }: { text: string; names: string; member: string },
): Promise<void> {
  const id = `odd-${at}`;
  const key = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', kid: member };
  await trx('user_records').insert({ person_id: 'p', id: `${at}${text}`, client_id: text });
  await trx('clients').insert({
    ...{ id, instance_id: 'odd', name: names, type: 'confidential', redirect_uris: ['https://app.example/'] },
    jwks: { keys: [{ ...key, [member]: [null, 1e30, member] }] },
  });
  await trx('listnr_clients').insert({
    ...{ id, pattern: 'client_credentials', audience: text, default_subject: text },
  });
  await trx('listnr_client_secrets').insert({ client_id: id, digest: DIGEST });
  await trx('upstream_identities').insert({
    ...{ instance_id: 'odd', issuer: 'https://idp.example', subject: `${at}${text}`, person_id: 'p' },
  });
}

describe('the folder of an export', () => {
  const exportTo = (path: string, ...words: string[]) => runOn(source, ['export', path, ...words]);

  it('is empty, or not there', async () => {
    const path = join(folder, 'used');
    mkdirSync(path);
    writeFileSync(join(path, 'mine.sql'), 'SELECT 1');
    expect(await exportTo(path)).toEqual({
      code: 1,
      out: [],
      err: `${path} is not empty. Name a new folder, or say --replace: it replaces the files of an earlier export, and leaves all others alone.\n`,
    });
    expect(readdirSync(path)).toEqual(['mine.sql']);
    const file = join(path, 'mine.sql');
    expect(await exportTo(file)).toEqual({ code: 1, out: [], err: `${file} is no folder.\n` });
    expect(await exportTo('/proc/registrations')).toEqual({
      code: 1,
      out: [],
      err: expect.stringMatching(/^\/proc\/registrations cannot be written \(E[A-Z]+\)\.\n$/),
    });
    const deep = join(folder, 'of', 'a', 'customer');
    expect(await exportTo(deep)).toMatchObject({ code: 0 });
    expect(statSync(join(folder, 'of')).mode & 0o777).toBe(0o700);
  });

  it('may hold an earlier export with --replace, whose files go, and others, which stay', async () => {
    const path = join(folder, 'again');
    await emptied(source);
    await source.knex('instances').insert([
      { id: 'one', name: 'One' },
      { id: 'two', name: 'Two' },
    ]);
    await exportTo(path);
    writeFileSync(join(path, 'mine.sql'), 'SELECT 1');
    await source.knex('instances').where({ id: 'one' }).delete();
    await source.knex('instances').update({ name: 'Deux' });
    expect(await exportTo(path, '--replace')).toEqual({
      code: 0,
      out: [
        'file              holds',
        'instance-two.sql  instances 1',
        'removed instance-one.sql, which an earlier export wrote',
      ],
      err: '',
    });
    expect(readdirSync(path)).toEqual(['instance-two.sql', 'mine.sql']);
    expect(readFileSync(join(path, 'instance-two.sql'), 'utf8')).toContain("'Deux'");
    expect(readFileSync(join(path, 'mine.sql'), 'utf8')).toBe('SELECT 1');
  });

  it('keeps a file of the same name that no export wrote', async () => {
    const path = join(folder, 'own');
    mkdirSync(path);
    writeFileSync(join(path, 'instance-two.sql'), 'SELECT 2');
    expect(await exportTo(path, '--replace')).toEqual({
      code: 1,
      out: [],
      err: `${join(path, 'instance-two.sql')} is not of an export, and stays as it is. Name another folder.\n`,
    });
    expect(readdirSync(path)).toEqual(['instance-two.sql']);
    expect(readFileSync(join(path, 'instance-two.sql'), 'utf8')).toBe('SELECT 2');
  });

  it('is named with what was written, as JSON', async () => {
    const path = join(folder, 'json');
    const { out } = await exportTo(path, '--json');
    expect(JSON.parse(out.join('\n'))).toEqual({
      folder: path,
      written: [{ file: 'instance-two.sql', rows: { instances: 1 } }],
      removed: [],
    });
    await emptied(source);
    expect((await exportTo(join(folder, 'nothing'))).out).toEqual(['Nothing is registered.']);
  });
});
