import { KINDS } from '../../src/commands/registered/kinds.ts';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';
import { runOn } from '../support/registrations/command-line.ts';
import { HASH } from '../support/registrations/registration.ts';

const DIGEST = `sha256:${'0a'.repeat(32)}`;
const SEALED = 'sealed:v1:0123abcd:a:b:c';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
  await database.knex.raw(`
    INSERT INTO instances (id, name, authentication, created_at, support_uri) VALUES
      ('acme', 'Acme', 'oidc', '2026-01-02T03:04:05Z', 'mailto:help@acme.example'), ('home', 'Home', 'password', '2026-01-02T03:04:05Z', NULL);
    INSERT INTO upstream_providers (instance_id, issuer, client_id, client_secret_sealed)
      VALUES ('acme', 'https://idp.example', 'listo', '${SEALED}');
    INSERT INTO people (id, instance_id, email, name, password_hash, created_at) VALUES
      ('ada', 'home', 'Ada@home.example', 'Ada Lovelace', '${HASH}', '2026-01-02T03:04:05Z'),
      ('bob', 'acme', NULL, NULL, NULL, '2026-01-02T03:04:05Z');
    INSERT INTO worker_ids VALUES ('ada', 'worker-1');
    UPDATE people SET updated_at = '2026-01-03T03:04:05Z' WHERE id = 'ada';
    INSERT INTO clients (id, instance_id, name, type, redirect_uris, created_at, disabled_at) VALUES
      ('spa', 'acme', 'The SPA', 'public', '{https://spa.example/a,https://spa.example/b}', '2026-01-02T03:04:05Z', '2026-02-03T04:05:06Z'),
      ('web', 'home', 'Web', 'confidential', '{https://app.example/callback}', '2026-01-02T03:04:05Z', NULL);
    INSERT INTO client_secrets (client_id, digest, created_at) VALUES ('web', '${DIGEST}', '2026-01-02T03:04:05Z');
    INSERT INTO listnr_clients (id, pattern, created_at) VALUES ('service', 'client_credentials', '2026-01-02T03:04:05Z');
    INSERT INTO listnr_client_secrets (client_id, digest, created_at) VALUES ('service', '${DIGEST}', '2026-01-02T03:04:05Z');
  `);
});
afterAll(() => database.close());

const run = (words: string) => runOn(database, words.split(' '));

describe('a list of registrations', () => {
  it.each([
    [
      'client list',
      [
        'id   instance_id  name     type          disabled_at',
        'spa  acme         The SPA  public        2026-02-03T04:05:06.000Z',
        'web  home         Web      confidential  -',
      ],
    ],
    [
      'client list --instance home',
      ['id   instance_id  name  type          disabled_at', 'web  home         Web   confidential  -'],
    ],
    [
      'client list --after spa',
      ['id   instance_id  name  type          disabled_at', 'web  home         Web   confidential  -'],
    ],
    ['client list --after web', ['None.']],
    ['instance list', ['id    name  authentication', 'acme  Acme  oidc', 'home  Home  password']],
    [
      'person list',
      [
        'id   instance_id  email             name          disabled_at',
        'ada  home         Ada@home.example  Ada Lovelace  -',
        'bob  acme         -                 -             -',
      ],
    ],
    [
      'person list --email aDA@home.example',
      [
        'id   instance_id  email             name          disabled_at',
        'ada  home         Ada@home.example  Ada Lovelace  -',
      ],
    ],
    [
      'listnr list',
      ['id       pattern             audience  disabled_at', 'service  client_credentials  service   -'],
    ],
  ])('is a table: %s', async (words, out) => {
    expect(await run(words)).toEqual({ code: 0, out, err: '' });
  });

  it('is JSON with --json', async () => {
    const { out } = await run('client list --json --instance acme');
    expect(JSON.parse(out.join('\n'))).toEqual([
      {
        id: 'spa',
        instance_id: 'acme',
        name: 'The SPA',
        type: 'public',
        disabled_at: '2026-02-03T04:05:06.000Z',
      },
    ]);
    expect((await run('client list --json --instance home --after web')).out).toEqual(['[]']);
  });

  it('of an instance that does not exist is refused, with the instance that is meant', async () => {
    const lists = 'npx listo instance list shows those there are.\n';
    for (const [words, err] of [
      ['client list --instance nope', `There is no instance with this id. ${lists}`],
      ['client list --instance acmee', `There is no instance with this id. Perhaps acme is meant. ${lists}`],
      ['person list --json --instance nope', `There is no instance with this id. ${lists}`],
      [
        'person list --email ada@home.example --instance hom',
        `There is no instance with this id. Perhaps home is meant. ${lists}`,
      ],
    ] as const)
      expect({ words, ...(await run(words)) }).toEqual({ words, code: 1, out: [], err });
    expect(await run('client list --instance home --after web')).toEqual({
      code: 0,
      out: ['None.'],
      err: '',
    });
  });

  it('has a thousand at most, and says where to go on', async () => {
    await database.knex.raw(
      "INSERT INTO instances (id, name) SELECT 'many-' || 1000 + n, 'Many' FROM generate_series(1, 1001) AS n",
    );
    const first = await run('instance list --json --after home');
    expect(JSON.parse(first.out.join(''))).toHaveLength(1000);
    expect(first.err).toBe('There are more: --after many-2000\n');
    expect((await run('instance list --after many-2000')).out).toEqual([
      'id         name  authentication',
      'many-2001  Many  password',
    ]);
  });
});

describe('one registration', () => {
  it.each([
    [
      'instance show acme',
      [
        'id                            acme',
        'name                          Acme',
        'authentication                oidc',
        'logo_uri                      -',
        'brand_color                   #1f5fbf',
        'created_at                    2026-01-02T03:04:05.000Z',
        'session_absolute_ttl_seconds  -',
        'support_uri                   mailto:help@acme.example',
        'second_factor                 optional',
        'passkeys                      optional',
        'updated_at                    -',
        '',
        'upstream_providers:',
        'issuer               client_id  client_secret  scope                 claim_mapping  first_sign_in  pass_amr  updated_at',
        'https://idp.example  listo      true           openid profile email  {}             refuse         false     -',
      ],
    ],
    [
      'person show ada',
      [
        'id                 ada',
        'instance_id        home',
        'email              Ada@home.example',
        'email_verified     false',
        'name               Ada Lovelace',
        'first_name         -',
        'last_name          -',
        'worker_profile_id  -',
        'password           true',
        'disabled_at        -',
        'created_at         2026-01-02T03:04:05.000Z',
        'updated_at         2026-01-03T03:04:05.000Z',
        '',
        'worker_ids:',
        'worker_id  updated_at',
        'worker-1   -',
      ],
    ],
  ])('is shown with what belongs to it: %s', async (words, out) => {
    expect(await run(words)).toEqual({ code: 0, out, err: '' });
  });

  it('has its lists and its secrets by name', async () => {
    expect((await run('client show spa')).out).toContain(
      `${'redirect_uris'.padEnd('tls_client_certificate_bound_access_tokens'.length)}  https://spa.example/a https://spa.example/b`,
    );
    expect((await run('client show web')).out.slice(-4)).toEqual([
      '',
      'client_secrets:',
      'name     expires_at  created_at                last_used_at  updated_at',
      'default  -           2026-01-02T03:04:05.000Z  -             -',
    ]);
    expect(JSON.parse((await run('client show web --json')).out.join('\n'))).toMatchObject({
      id: 'web',
      redirect_uris: ['https://app.example/callback'],
      client_secrets: [
        {
          name: 'default',
          expires_at: null,
          created_at: '2026-01-02T03:04:05.000Z',
          last_used_at: null,
          updated_at: null,
        },
      ],
    });
    expect(JSON.parse((await run('listnr show service --json')).out.join('\n'))).toMatchObject({
      audience: 'service',
      listnr_accepted_issuers: [],
      listnr_client_secrets: [{ name: 'default' }],
    });
  });

  it.each(['client show web', 'instance show acme', 'person show ada', 'listnr show service'])(
    'has no secret and no hash: %s',
    async (words) => {
      for (const call of [words, `${words} --json`]) {
        const text = (await run(call)).out.join('\n');
        for (const secret of [DIGEST, SEALED, HASH]) expect(text).not.toContain(secret);
      }
    },
  );

  it('has a table whose columns with a secret are these; hide a new one in registered-store.ts', async () => {
    const tables = KINDS.flatMap(({ table, parts }) => [table, ...parts.map((part) => part.table)]);
    const columns = await database
      .knex('information_schema.columns')
      .whereIn('table_name', tables)
      .whereRaw("column_name ~ 'hash|digest|seal|secret|password|private|mac$'")
      .orderBy(['table_name', 'column_name'])
      .select('table_name', 'column_name');
    expect(columns.map((column) => `${column.table_name}.${column.column_name}`)).toEqual([
      'client_secrets.digest',
      'listnr_client_secrets.digest',
      'people.password_hash',
      'people.password_rehashed',
      'upstream_providers.client_secret_sealed',
    ]);
  });

  it('is explained where there is none, without repeating a misplaced secret', async () => {
    for (const [word, one] of [
      ['client', 'client of Sign in with Listo'],
      ['instance', 'instance'],
      ['person', 'person'],
      ['listnr', 'client of LiSTNR'],
    ])
      expect(await run(`${word} show s3cret`)).toEqual({
        code: 1,
        out: [],
        err: `There is no ${one} with this id. npx listo ${word} list shows those there are.\n`,
      });
  });

  it('is explained for an e-mail address with the list that takes one', async () => {
    expect(await run('person show grete@bücher.example')).toEqual({
      code: 1,
      out: [],
      err: 'There is no person with this id. npx listo person list --email ADDRESS finds people by their address.\n',
    });
    expect((await run('client show ada@home.example')).err).toBe(
      'There is no client of Sign in with Listo with this id. npx listo client list shows those there are.\n',
    );
  });

  it('is explained with the id that is meant, where one resembles it', async () => {
    for (const [words, meant] of [
      ['client show wbe', 'web'],
      ['client show Web', 'web'],
      ['instance show acmee', 'acme'],
      ['person show adda', 'ada'],
      ['listnr show servce', 'service'],
    ] as const) {
      const { code, err } = await run(words);
      expect({ words, code, meant: /Perhaps (\S+) is meant\./.exec(err)?.[1] }).toEqual({
        words,
        code: 1,
        meant,
      });
    }
  });

  it('does not steer a terminal with its name', async () => {
    await database.knex.raw('ALTER TABLE people DISABLE TRIGGER validate');
    await database.knex.raw("UPDATE people SET name = U&'a\\001B[2J\\202Eb' WHERE id = 'bob'");
    await database.knex.raw('ALTER TABLE people ENABLE TRIGGER validate');
    expect((await run('person show bob')).out).toContain('name               a\\u001b[2J\\u202eb');
    const [json = ''] = (await run('person show bob --json')).out;
    expect(json).toContain('"name": "a\\u001b[2J\\u202eb"');
    expect(JSON.parse(json).name).toBe('a\u001b[2J\u202eb');
  });
});
