import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import knex from 'knex';
import { isDatabaseUnavailable } from '../../../src/platform/database-errors.ts';
import { OperatorError } from '../../../src/platform/errors.ts';
import { parsePostgresAddress } from '../../../src/platform/postgres/address.ts';
import { connectionOpener } from '../../../src/platform/postgres/open-connection.ts';
import { ConnectionPool } from '../../../src/platform/postgres/pool.ts';
import { applySeeds } from '../../../src/platform/seeds/run/run-seeds.ts';
import { applySeed } from '../../../src/platform/seeds/seed.ts';
import { readSeedFile, readTogether } from '../../../src/platform/seeds/seed-file.ts';
import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';

const HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$TGYG6HoJZBSCQ6xXZkDrHg$2PreCKOFj+5/YutFmllbe1vx5ZnfiA+6Y4+Pu10iRmg';
const UPSERT = 'ON CONFLICT (id) DO UPDATE SET name = excluded.name';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
  await apply("INSERT INTO instances (id, name) VALUES ('home', 'Home')");
});
afterAll(() => database.close());

function apply(sql: string, settings?: Record<string, string>) {
  return applySeed(database.knex, { name: 'acme.sql', sql, ...(settings ? { settings } : {}) });
}

async function refusal(sql: string): Promise<string> {
  const error = await apply(sql).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(OperatorError);
  return (error as OperatorError).message;
}

describe('a seed', () => {
  it('answers what it changed, and nothing when it is applied again', async () => {
    const sql = `INSERT INTO instances (id, name) VALUES ('acme', 'Acme') ${UPSERT};
      INSERT INTO people (id, instance_id) VALUES ('ada', 'acme') ON CONFLICT (id) DO NOTHING;
      INSERT INTO worker_ids VALUES ('ada', 'worker-1') ON CONFLICT DO NOTHING;`;
    expect(await apply(sql)).toEqual([
      { operation: 'insert', table: 'instances', key: 'acme' },
      { operation: 'insert', table: 'people', key: 'ada' },
      { operation: 'insert', table: 'worker_ids', key: 'ada worker-1' },
    ]);
    expect(await apply(sql)).toEqual([]);
    expect(await apply(sql.replace("'Acme'", "'Acme Inc.'"))).toEqual([
      { operation: 'update', table: 'instances', key: 'acme' },
    ]);
    expect(await apply("DELETE FROM people WHERE id = 'ada'")).toEqual([
      { operation: 'delete', table: 'people', key: 'ada' },
      { operation: 'delete', table: 'worker_ids', key: 'ada worker-1' },
    ]);
  });

  it.each([
    'pg_sleep',
    'pg_advisory_lock',
    'pg_terminate_backend',
    'pg_read_file',
    'lo_import',
    'nextval',
    'regclass',
  ])('calls no function by the name of a column: %s', async (name) => {
    const sql = `SELECT x.${name} FROM unnest(ARRAY['1']) AS x`;
    expect(await refusal(sql)).toBe(
      [
        `acme.sql:1:8: a seed may not read x.${name}, because ${name} is also a function or type: give the column another name`,
        '  A seed registers, and does nothing else. Use psql for other statements.',
        '  Nothing of the file was applied.',
      ].join('\n'),
    );
  });

  it('ends its strings where the grammar does, whatever the database is told about them', async () => {
    await database.knex.raw('SET standard_conforming_strings = off');
    const hidden = "SELECT 'a\\'; SELECT '; DROP TABLE user_records; --'";
    expect(await apply(hidden)).toEqual([]);
    expect(await database.knex.schema.hasTable('user_records')).toBe(true);
    await database.knex.raw('RESET standard_conforming_strings');
  });

  it('reads settings, which end with it', async () => {
    const name = "current_setting('listo.issuer', true)";
    await apply(`INSERT INTO instances (id, name) VALUES ('set', ${name})`, {
      issuer: 'https://login.example',
    });
    expect(await database.knex('instances').where({ id: 'set' }).pluck('name')).toEqual([
      'https://login.example',
    ]);
    const { rows } = await database.knex.raw(`SELECT coalesce(${name}, '') AS after`);
    expect(rows).toEqual([{ after: '' }]);
  });

  it('lets the database end its transaction when nothing is heard of its process for a minute', async () => {
    const file = { name: 'acme.sql', sql: 'SELECT 1' };
    const limits: string[] = [];
    await applySeeds(database.knex, [file], {
      async beforeCommit(trx) {
        const { rows } = await trx.raw('SHOW idle_in_transaction_session_timeout');
        limits.push(rows[0].idle_in_transaction_session_timeout);
      },
    });
    expect(limits).toEqual(['1min']);
  });

  it('applies nothing when a later statement fails', async () => {
    const before = await database.knex('instances').orderBy('id').pluck('id');
    await refusal("INSERT INTO instances (id, name) VALUES ('first', 'First'); SELECT 1/0");
    await refusal("INSERT INTO instances (id, name) VALUES ('first', 'First'); COMMIT; SELECT 1/0");
    expect(await database.knex('instances').orderBy('id').pluck('id')).toEqual(before);
  });

  it('leaves nothing of its own behind, applied or refused', async () => {
    await apply('SELECT 1');
    await refusal('SELECT 1/0');
    const { rows } = await database.knex.raw(
      "SELECT to_regclass('registration_changes') AS changes, to_regproc('pg_temp.apply_seed') AS run",
    );
    expect(rows).toEqual([{ changes: null, run: null }]);
  });

  it('waits for another that is under way, so that opposite orders cannot block each other', async () => {
    const rows = (order: string) => `INSERT INTO instances (id, name)
      SELECT 'many-' || n, 'Many' FROM generate_series(1, 500) AS n ORDER BY n ${order} ${UPSERT}`;
    // Opens two connections first, so that both begin at the same moment.
    await Promise.all([database.knex.raw('SELECT 1'), database.knex.raw('SELECT 1')]);
    const changes = await Promise.all([apply(rows('ASC')), apply(rows('DESC'))]);
    expect(changes.map(({ length }) => length).sort()).toEqual([0, 500]);
  });
});

describe('a refused seed says where, why and what to do', () => {
  it.each<[string, string, string[]]>([
    [
      'a simple rule',
      "INSERT INTO instances (id, name) VALUES ('Acme', 'Acme')",
      [
        'acme.sql: instances: the row "Acme" is refused',
        '  Use lower case letters, digits and hyphens, up to 40, with a letter or digit at both ends: acme-eu.',
        '  Constraint: instance_id_format of instances',
      ],
    ],
    [
      'a missing value',
      "INSERT INTO instances (id) VALUES ('nameless')",
      [
        'acme.sql: instances: the row "nameless" has no name',
        '  Give it one. name: Shown to people on the sign-in page.',
      ],
    ],
    [
      'a row that is there',
      "INSERT INTO instances (id, name) VALUES ('home', 'Again')",
      [
        'acme.sql: instances: Key (id)=(home) already exists.',
        '  Write it once, and end the INSERT with ON CONFLICT ... DO UPDATE, so that the file can be applied again.',
        '  Constraint: instances_pkey of instances',
      ],
    ],
    [
      'an address that is taken',
      `INSERT INTO people (instance_id, email, password_hash)
       VALUES ('home', 'ada@home.example', '${HASH}'), ('home', 'ADA@home.example', '${HASH}')`,
      [
        'acme.sql: people: Key (instance_id, lower(email))=(home, ada@home.example) already exists.',
        '  Somebody of this instance already signs in with this address and a password. Update that person, or use another address.',
        '  Constraint: people_instance_email of people',
      ],
    ],
    [
      'a row that it refers to',
      "INSERT INTO worker_ids VALUES ('nobody', 'worker-1')",
      [
        'acme.sql: worker_ids: Key (person_id)=(nobody) is not present in table "people".',
        '  Insert the row it refers to first, or correct the value.',
        '  Constraint: worker_ids_person_id_fkey of worker_ids',
      ],
    ],
    [
      'an instance that does not exist',
      "INSERT INTO people (id, instance_id) VALUES ('ada', 'nowhere')",
      [
        'acme.sql: person "ada" belongs to the instance "nowhere", which does not exist',
        '  Insert the instance first, or correct instance_id. SELECT id FROM instances lists them.',
        '  Constraint: instance_exists',
      ],
    ],
    [
      'a rule for the end of the transaction',
      "INSERT INTO instances (id, name, authentication) VALUES ('oidc', 'OIDC', 'oidc')",
      [
        'acme.sql: instance "oidc" signs people in through an OpenID provider, and has none',
        '  Insert its row of upstream_providers in the same transaction, or set its authentication to password.',
        '  Constraint: instance_has_upstream',
      ],
    ],
    [
      'a column that does not exist, by line and column',
      "-- é\nINSERT INTO instances\n  (id, nam) VALUES ('é', 'x')",
      ['acme.sql:3:8: instances has no column nam', '  Write name, if that is meant.'],
    ],
    [
      'a mistake of grammar, counting characters and not bytes',
      "SELECT 'é😀' FROM FROM",
      ['acme.sql:1:18: syntax error at or near "FROM"'],
    ],
    ...[
      [
        "INSERT INTO instances (id, name) VALUES ('é😀', 'A')\nINSERT INTO people (id) VALUES ('b')",
        '2:1',
        'INSERT',
      ],
      ["SELECT 1; UPDATE people SET name = 'b'\n\n  update people SET name = 'c';", '3:3', 'UPDATE'],
      ['DELETE FROM people -- SELECT\nINSERT INTO people (id) SELECT 1', '2:1', 'INSERT'],
      ['DELETE FROM people\nDELETE FROM clients', '2:1', 'DELETE'],
      ['SELECT 1\nINSERT INTO people (id) VALUES (1)', '2:1', 'INSERT'],
      ['DELETE FROM people WHERE true\nWITH a AS (SELECT 1) DELETE FROM people', '2:1', 'WITH'],
      ['DELETE FROM people WHERE true\nSELECT 1\nDELETE FROM people FROM', '2:1', 'SELECT'],
    ].map(([sql = '', place, word]): [string, string, string[]] => [
      `a missing semicolon: ${sql}`,
      sql,
      [
        `acme.sql:${place}: perhaps a ; is missing before this ${word}`,
        '  End each statement with a semicolon.',
      ],
    ]),
    ...[
      ["INSERT INTO people (id)\nINSERT INTO people (id) VALUES ('a')", '2:1', 'INSERT'],
      ["INSERT INTO people (id) VALUES ('a') ON CONFLICT (id) UPDATE SET name = 'b'", '1:55', 'UPDATE'],
      ["SELECT 'DELETE'; UPDATE people SET name = FROM", '1:43', 'FROM'],
      ['SELECT 1 UNION SELECT 2 2', '1:25', '2'],
    ].map(([sql = '', place, word]): [string, string, string[]] => [
      `a mistake that no semicolon corrects: ${sql}`,
      sql,
      [`acme.sql:${place}: syntax error at or near "${word}"`],
    ]),
    ['a mistake while it runs', 'SELECT 1/0', ['acme.sql: division by zero']],
    ['what only psql understands', '\\set name value', ['acme.sql:1:1: syntax error at or near "\\"']],
    ...[
      'BEGIN',
      'SELECT 1; COMMIT',
      'ROLLBACK',
      'START TRANSACTION',
      'SAVEPOINT a',
      'COPY people FROM STDIN',
    ].map((sql): [string, string, string[]] => [
      sql,
      sql,
      [
        `acme.sql:1:${sql.startsWith('SELECT') ? 11 : 1}: a seed may not contain ${/[A-Z]+/.exec(sql.replace('SELECT 1; ', ''))?.[0]}, only INSERT, UPDATE, DELETE, MERGE, SELECT and WITH`,
        '  A seed registers, and does nothing else. Use psql for other statements.',
      ],
    ]),
  ])('%s', async (_case, sql, lines) => {
    expect(await refusal(sql)).toBe([...lines, '  Nothing of the file was applied.'].join('\n'));
  });

  it('and repeats neither the file nor the rest of a row', async () => {
    const secret = 'hunter2-hunter2-hunter2';
    const messages = [
      await refusal(
        `INSERT INTO people (id, instance_id, password_hash) VALUES ('ada', 'home', '${secret}')`,
      ),
      await refusal(`INSERT INTO people (id, name, password_hash) VALUES ('ada', '${secret}', '${HASH}')`),
      await refusal(`INSERT INTO upstream_providers (instance_id, issuer, client_id, client_secret_sealed)
        VALUES ('home', 'https://idp.example', 'c', '${secret}')`),
      await refusal(`SELECT '${secret}'; SELECT 1/0`),
    ];
    expect(messages.map((message) => message.split('\n')[0])).toEqual([
      'acme.sql: people: the row "ada" is refused',
      'acme.sql: people: the row "ada" has no instance_id',
      'acme.sql: upstream_providers: the row "home" is refused',
      'acme.sql: division by zero',
    ]);
    for (const message of messages) expect(message).not.toMatch(/hunter2|argon2id\$|Failing row|SELECT/);
  });
});

describe('a database that is away', () => {
  it('is not taken for a mistake of the file', async () => {
    const open = connectionOpener({
      address: parsePostgresAddress('host=/nowhere'),
      statementTimeoutMs: 0,
      idleTimeoutMs: 0,
      say: () => undefined,
    });
    const limits = { waitMs: 0, requestMs: 0, leaseMs: 0 };
    const away = knex({
      client: 'pg',
      connectionPool: new ConnectionPool({ open, size: 1, keep: 0, limits }),
      log: { warn: () => undefined },
    });
    const error = await applySeed(away, { name: 'acme.sql', sql: 'SELECT 1' }).catch((thrown) => thrown);
    await away.destroy();
    expect(error).not.toBeInstanceOf(OperatorError);
    expect(isDatabaseUnavailable(error)).toBe(true);
  });
});

describe('a seed file', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'listo-seeds-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is UTF-8 text, with or without a byte order mark', () => {
    writeFileSync(join(folder, 'marked.sql'), '\uFEFFSELECT 1 -- é\n');
    expect(readSeedFile(join(folder, 'marked.sql'))).toBe('SELECT 1 -- é\n');
  });

  it.each([
    ['missing.sql', undefined, 'does not exist.'],
    ['folder.sql', 'folder', 'is a directory; name a file of SQL.'],
    ['empty.sql', Buffer.from(' \n'), 'is empty.'],
    ['latin1.sql', Buffer.from("SELECT 'é'", 'latin1'), 'is not UTF-8 text.'],
    [
      'large.sql',
      Buffer.alloc(32 * 1024 * 1024 + 1, ' '),
      'is larger than 32 MiB. Split it, and apply one part after the other.',
    ],
    ['utf16.sql', Buffer.from('SELECT 1', 'utf16le'), 'is not UTF-8 text.'],
  ])('is refused with one sentence: %s', (name, content, sentence) => {
    const file = join(folder, name);
    if (content === 'folder') mkdirSync(file);
    else if (content) writeFileSync(file, content);
    expect(() => readSeedFile(file)).toThrow(
      expect.objectContaining({ name: 'OperatorError', message: `${file} ${sentence}` }),
    );
  });
});

describe('files that run together', () => {
  it('are 32 MiB at most', () => {
    const folder = mkdtempSync(join(tmpdir(), 'listo-seeds-'));
    const names = ['1.sql', '2.sql'].map((name) => join(folder, name));
    for (const name of names) writeFileSync(name, `SELECT 1;${' '.repeat(20 * 1024 * 1024)}`);
    expect(() => readTogether(names)).toThrow(
      `The files up to ${names[1]} are larger than 32 MiB together. Apply some of them after the others.`,
    );
    rmSync(folder, { recursive: true });
  });
});

describe('an older release beside this one', () => {
  it('finds the rows that its seed changed where it looks for them', async () => {
    const rows = await database.knex.transaction(async (trx) => {
      await trx.raw(
        'CREATE TEMPORARY TABLE registration_changes (n serial, table_name text, operation text, row_key text) ON COMMIT DROP',
      );
      await trx.raw(`INSERT INTO instances (id, name) VALUES ('older', 'Older');
        INSERT INTO people (id, instance_id) VALUES ('of-older', 'older');
        INSERT INTO worker_ids VALUES ('of-older', 'w 1');
        UPDATE instances SET name = 'Older'; UPDATE instances SET name = 'Old' WHERE id = 'older';
        DELETE FROM people WHERE id = 'of-older'`);
      const changes: Record<'operation' | 'table_name' | 'row_key', string>[] = await trx(
        'registration_changes',
      )
        .orderBy('n')
        .select('operation', 'table_name', 'row_key');
      return changes;
    });
    expect(rows.map((row) => Object.values(row).join(' '))).toEqual(
      expect.arrayContaining([
        'insert instances older',
        'insert people of-older',
        'insert worker_ids of-older w 1',
        'update instances older',
        'delete people of-older',
        'delete worker_ids of-older w 1',
      ]),
    );
    expect(rows.filter((row) => row.row_key === 'older')).toHaveLength(2);
  });
});

describe('a message that would be Postgres’s own', () => {
  const client = (columns: string, values: string) =>
    `INSERT INTO clients (id, instance_id, name, type, ${columns}) VALUES ('acme-web', 'home', 'Acme', 'public', ${values})`;
  const URIS = "'{https://app.example/callback}'";

  it.each([
    [
      client('redirect_uris', "'https://app.example/secret'"),
      "a list is expected here\n  Write ARRAY['one', 'two'], or '{one,two}' for values without spaces.",
    ],
    [
      client('redirect_uri', URIS),
      'clients has no column redirect_uri\n  Write redirect_uris, if that is meant.',
    ],
    [
      'UPDATE instances SET colour = 1',
      expect.stringMatching(/^instances has no column colour\n {2}Its columns are: id, name, .*\.$/),
    ],
    [
      client('redirect_uris, require_pkce', `${URIS}, 'maybe'`),
      'true or false is expected here\n  Write true or false.',
    ],
    [
      client('redirect_uris, access_token_ttl_seconds', `${URIS}, 'many'`),
      'a whole number is expected here\n  Write digits alone.',
    ],
    [
      client('redirect_uris, jwks', `${URIS}, '{keys: []}'`),
      'JSON is expected here\n  Write names and texts in double quotes: \'{"keys": []}\'.',
    ],
    [
      client('redirect_uris, disabled_at', `${URIS}, 'soon'`),
      "a date and time is expected here\n  Write it with its zone: '2027-01-31T12:00:00Z', or now().",
    ],
    [
      'INSERT INTO people (id, instance_id) VALUES (\'p1\', "home")',
      'there is no column home here\n  Write a text in single quotes. Double quotes, and no quotes, name a column.',
    ],
    [
      "INSERT INTO people (id, instance_id) VALUES ('p1')",
      'the INSERT names another number of columns than it has values\n  Give each column that it names one value, in the same order.',
    ],
    [
      "INSERT INTO instances (id, name) VALUES ('obrien', 'O'Brien')",
      "syntax error at or near \"Brien\"\n  A text stands in single quotes, and a quote inside it is written twice: 'O''Brien'.",
    ],
    [
      "INSERT INTO instances (id, name) VALUES ('obrien', 'Brien)",
      "unterminated quoted string at or near \"'Brien)\"\n  A text stands in single quotes, and a quote inside it is written twice: 'O''Brien'.",
    ],
  ])('says what to do: %s', async (sql, words) => {
    const said = (await refusal(sql)).replace(/^acme\.sql:1:\d+: /, '');
    expect(said.replace('\n  Nothing of the file was applied.', '')).toEqual(words);
  });
});
