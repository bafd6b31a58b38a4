import { openTestDatabase, type TestDatabase } from '../../support/databases/test-database.ts';
import { runOn } from '../../support/registrations/command-line.ts';
import { ACME, makeSeedFolder, type SeedFolder } from './seed-folder.ts';

let database: TestDatabase;
let folder: SeedFolder;
let acme: string;
beforeAll(async () => {
  database = await openTestDatabase();
  folder = makeSeedFolder();
  acme = folder.write('acme.sql', ACME);
  expect(await runOn(database, ['seed', acme])).toMatchObject({ code: 0 });
  await database.knex('sessions').insert({
    ...{ id_hash: 'of-ada', uid: 'of-ada', person_id: 'ada', payload: {} },
    expires_at: database.knex.raw("now() + interval '1 day'"),
  });
});
afterAll(async () => {
  folder.remove();
  await database.close();
});

/** The exit code and the lines of the plan for a file with this SQL, whose name is not repeated. */
async function planOf(sql: string) {
  const file = folder.write('next.sql', sql);
  const { code, out, err } = await runOn(database, ['plan', file]);
  return {
    code,
    lines: out.map((line) => line.replace(file, 'next.sql')),
    err: err.replaceAll(file, 'next.sql'),
  };
}

const SUM = (insert: number, update: number, gone: number) =>
  `Rows to insert: ${insert}, to update: ${update}, to delete: ${gone}.`;

describe('listo plan', () => {
  it('says that nothing is to change for a file that is applied', async () => {
    expect(await runOn(database, ['plan', acme])).toEqual({ code: 0, out: ['Nothing to change.'], err: '' });
  });

  it('prints what changes field by field, digests by their first letters, and changes nothing', async () => {
    const sql = `UPDATE clients SET name = 'Acme App', redirect_uris = '{https://spa.acme.example/callback,https://spa.acme.example/new}' WHERE id = 'acme-spa';
      UPDATE client_secrets SET digest = 'sha256:5b${'0'.repeat(62)}' WHERE client_id = 'acme-web';
      INSERT INTO worker_ids (person_id, worker_id) VALUES ('ada', 'worker-1');
      DELETE FROM people WHERE id = 'bob';`;
    const planned = {
      code: 2,
      lines: [
        'next.sql:1: UPDATE clients, 1 row',
        '  ~ clients acme-spa',
        '      name: Acme SPA → Acme App',
        '      redirect_uris: without https://spa.acme.example/silent, with https://spa.acme.example/new',
        'next.sql:2: UPDATE client_secrets, 1 row',
        '  ~ client_secrets acme-web default',
        '      digest: sha256:4a72303a… → sha256:5b000000…',
        'next.sql:3: INSERT worker_ids, 1 row',
        '  + worker_ids ada worker-1',
        '      person_id: ada',
        '      worker_id: worker-1',
        'next.sql:4: DELETE people, 1 row',
        '  - people bob',
        SUM(1, 2, 1),
      ],
      err: '',
    };
    expect(await planOf(sql)).toEqual(planned);
    expect(await planOf(sql)).toEqual(planned);
  });

  it('shows a hash of a password by the first letters of its own digest', async () => {
    const hash =
      '$argon2id$v=19$m=19456,t=2,p=1$TGYG6HoJZBSCQ6xXZkDrHg$2PreCKOFj+5/YutFmllbe1vx5ZnfiA+6Y4+Pu10iRmg';
    const { lines } = await planOf(
      `UPDATE people SET email = 'ada@acme.example', password_hash = '${hash}' WHERE id = 'ada';`,
    );
    expect(lines.slice(1, 4)).toEqual([
      '  ~ people ada',
      '      email: NULL → ada@acme.example',
      '      password_hash: NULL → sha256 of it: b33a1e8a…',
    ]);
    expect(lines.join('\n')).not.toContain('argon2id');
  });

  it('warns of a statement that finds no row, with the id that is perhaps meant', async () => {
    const sql = `UPDATE clients SET name = 'x' WHERE id = 'acme-sap';
      DELETE FROM clients WHERE instance_id = 'acme' AND id IN ('acme-wbe', 'something-else');
      UPDATE clients SET name = 'x' WHERE id = 'acme-web' AND disabled_at IS NOT NULL;`;
    expect(await planOf(sql)).toEqual({
      code: 0,
      lines: [
        'next.sql:1: UPDATE clients, no rows',
        '  ! No row of clients has the id acme-sap; perhaps acme-spa is meant.',
        'next.sql:2: DELETE clients, no rows',
        '  ! No row of clients has the id acme-wbe; perhaps acme-web is meant.',
        '  ! No row of clients has the id something-else.',
        'next.sql:3: UPDATE clients, no rows',
        '  ! No row of clients meets the condition of this UPDATE.',
        'Nothing to change.',
      ],
      err: '',
    });
  });

  it('warns of a value that finds no row where others do', async () => {
    const { lines } = await planOf("UPDATE clients SET name = 'x' WHERE id IN ('acme-spa', 'acme-wbe')");
    expect(lines.slice(0, 3)).toEqual([
      'next.sql:1: UPDATE clients, 1 row',
      '  ! No row of clients has the id acme-wbe; perhaps acme-web is meant.',
      '  ~ clients acme-spa',
    ]);
  });

  it('takes no row that the file itself deleted for a typing error', async () => {
    const { lines } = await planOf(
      "DELETE FROM people WHERE id = 'bob'; DELETE FROM people WHERE id IN ('bob', 'ada')",
    );
    expect(lines.filter((line) => line.includes('No row'))).toEqual([]);
  });

  it('counts what goes with a deletion, and what a change ends', async () => {
    expect((await planOf("DELETE FROM instances WHERE id = 'acme'")).lines).toEqual([
      'next.sql:1: DELETE instances, 1 row',
      '  - instances acme',
      '  ! With that go 2 people, 2 clients, 1 sign-in, 1 secret.',
      SUM(0, 0, 6),
    ]);
    expect((await planOf("UPDATE people SET disabled_at = '2027-01-01Z' WHERE id = 'ada'")).lines).toEqual([
      'next.sql:1: UPDATE people, 1 row',
      '  ~ people ada',
      '      disabled_at: NULL → 2027-01-01T00:00:00+00:00',
      '  ! That ends 1 sign-in.',
      SUM(0, 1, 0),
    ]);
  });

  it('names the columns that an INSERT sets and its DO UPDATE forgets, once for all its places', async () => {
    const sql = (id: string) => `INSERT INTO clients (id, instance_id, name, type, redirect_uris, scopes)
      VALUES ('${id}', 'acme', 'Acme SPA', 'public', '{https://spa.acme.example/callback}', '{openid}')
      ON CONFLICT (id) DO UPDATE SET (name, scopes) = (excluded.name, excluded.scopes);`;
    const { lines } = await planOf(sql('acme-spa') + sql('acme-spa'));
    expect(lines).toEqual([
      'next.sql:1: INSERT clients (and 1 more) sets type, redirect_uris, and its DO UPDATE does not: a row that is there keeps its own.',
      'Nothing to change.',
    ]);
    const named = `INSERT INTO worker_ids VALUES ('ada', 'w')
      ON CONFLICT ON CONSTRAINT worker_ids_pkey DO UPDATE SET worker_id = excluded.worker_id;
      INSERT INTO people (id, instance_id, password_hash) VALUES ('ada', 'acme', NULL)
      ON CONFLICT (id) DO UPDATE SET id = excluded.id;`;
    expect((await planOf(named)).lines.filter((line) => line.includes('DO UPDATE'))).toEqual([]);
  });

  it('counts no change that a file takes back itself', async () => {
    const { code, lines } = await planOf(
      "UPDATE clients SET name = 'x' WHERE id = 'acme-spa'; UPDATE clients SET name = 'Acme SPA' WHERE id = 'acme-spa'",
    );
    expect({ code, last: lines.at(-1) }).toEqual({ code: 0, last: 'Nothing to change.' });
  });

  it('plans the files of a folder as one, in the order of their names', async () => {
    const other = makeSeedFolder();
    other.write('20.sql', "INSERT INTO people (id, instance_id) VALUES ('eve', 'later')");
    other.write('10.sql', "INSERT INTO instances (id, name) VALUES ('later', 'Later')");
    other.write('README.md', 'Not SQL.');
    const { code, out } = await runOn(database, ['plan', other.path]);
    expect({ code, last: out.at(-1) }).toEqual({ code: 2, last: SUM(2, 0, 0) });
    other.remove();
  });

  it('is JSON for programs', async () => {
    const file = folder.write('next.sql', "\n UPDATE clients SET name = 'x' WHERE id = 'acme-spa'");
    const { code, out } = await runOn(database, ['plan', '--json', file]);
    expect({ code, json: JSON.parse(out.join('\n')) }).toEqual({
      code: 2,
      json: {
        applied: false,
        sum: { insert: 0, update: 1, delete: 0 },
        gone_with_deleted: {},
        files: [
          {
            file,
            sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
            statements: [
              {
                ...{
                  line: 2,
                  column: 2,
                  kind: 'UPDATE',
                  table: 'clients',
                  matched: 1,
                  gone: {},
                  remarks: [],
                },
                changes: [
                  {
                    ...{
                      table: 'clients',
                      operation: 'update',
                      key: 'acme-spa',
                      old_key: 'acme-spa',
                      direct: true,
                    },
                    fields: [{ column: 'name', old: 'Acme SPA', new: 'x' }],
                  },
                ],
              },
            ],
          },
        ],
      },
    });
  });

  it.each([
    [
      'a wrong column, by line and column',
      'SELECT 1;\n\nUPDATE clients SET nam = 1',
      'next.sql:3:20: clients has no column nam\n  Write name, if that is meant.\n  Nothing of the file was applied.\n',
    ],
    [
      'a rule of the whole file',
      "INSERT INTO instances (id, name, authentication) VALUES ('up', 'Up', 'oidc')",
      'next.sql: instance "up" signs people in through an OpenID provider, and has none\n  Insert its row of upstream_providers in the same transaction, or set its authentication to password.\n  Constraint: instance_has_upstream\n  Nothing of the file was applied.\n',
    ],
    [
      'a file that leaves its transaction',
      'SELECT 1; ROLLBACK',
      'next.sql:1:11: a seed may not contain ROLLBACK, only INSERT, UPDATE, DELETE, MERGE, SELECT and WITH\n  A seed registers, and does nothing else. Use psql for other statements.\n  Nothing of the file was applied.\n',
    ],
  ])('refuses %s', async (_case, sql, sentence) => {
    const { code, err } = await planOf(sql);
    expect({ code, err }).toEqual({ code: 1, err: sentence });
  });

  it('gives up after its time, and says at which statement', async () => {
    const file = folder.write('next.sql', 'SELECT count(*) FROM generate_series(1, 2000000);\n'.repeat(100));
    const { code, err } = await runOn(database, ['plan', file, '--timeout', '1']);
    expect({ code, err: err.replaceAll(file, 'next.sql') }).toEqual({
      code: 1,
      err: expect.stringMatching(
        /^next\.sql:\d+:1: not done after 1 s\n {2}If that is no mistake, allow it more time: --timeout SECONDS\.\n {2}Nothing was applied\.\n$/,
      ),
    });
  });

  it.each([
    ['--timeout is a number of seconds, at most 86400; 0 is no limit.\n', ['--timeout', 'soon']],
    ['--timeout is a number of seconds, at most 86400; 0 is no limit.\n', ['--timeout', '86401']],
  ])('refuses a time limit that is none: %s %j', async (sentence, options) => {
    expect(await runOn(database, ['plan', acme, ...options])).toEqual({ code: 1, out: [], err: sentence });
  });

  it('prints nothing that a terminal would obey', async () => {
    await database.knex('people').where({ id: 'ada' }).update({ worker_profile_id: '\u001b[2J' });
    const { lines } = await planOf(
      "UPDATE people SET worker_profile_id = E'\\x1b]0;x\\x07' WHERE id = 'ada'",
    );
    await database.knex('people').where({ id: 'ada' }).update({ worker_profile_id: null });
    expect(lines[2]).toBe('      worker_profile_id: \\u001b[2J → \\u001b]0;x\\u0007');
    const file = folder.write('\u001b[31mred.sql', 'DELETE FROM people WHERE');
    const refused = await runOn(database, ['plan', file]);
    expect(refused.err).not.toContain('\u001b');
    const missing = await runOn(database, ['plan', '\u001b[31mnone.sql']);
    expect(missing.err).toBe('\\u001b[31mnone.sql does not exist.\n');
  });
});
