import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { SecretInput } from '../../src/commands/command.ts';
import { aboutSubject, overview } from '../../src/commands/help/overview.ts';
import { COMMANDS } from '../../src/commands/run-command.ts';
import { OperatorError } from '../../src/platform/errors.ts';
import { DEFAULT_COST, digestSecret, verifyPassword } from '../../src/platform/secrets/digest.ts';
import { createSecretBox } from '../../src/platform/secrets/secret-box.ts';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';
import { type Run, runOn, TEST_SETTINGS } from '../support/registrations/command-line.ts';

/** The first words of the commands that are called wrongly here. */
const SUBJECTS = ['seed', 'migrate', 'client', 'password', 'person', 'keys', 'database'];

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await openTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'listo-commands-'));
});
afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

function run(words: string[], input: SecretInput = aPipe('')): Promise<Run> {
  return runOn(database, words, { input });
}

function aPipe(content: string | Buffer): SecretInput {
  return new PassThrough().end(content);
}

/** A terminal where somebody types these lines, each when it is asked for. */
function aTerminal(...lines: string[]): SecretInput {
  const terminal = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  const type = () => {
    const line = lines.shift();
    if (line !== undefined) terminal.write(line);
  };
  terminal.on('newListener', (event) => {
    if (event === 'keypress') setImmediate(type);
  });
  return terminal;
}

function aFile(name: string, sql: string): string {
  const file = join(folder, name);
  writeFileSync(file, sql);
  return file;
}

describe('the command line', () => {
  it('says what the database cannot do, and not the statement', async () => {
    const readOnly = Object.assign(
      new Error('create table "x" - cannot execute CREATE TABLE in a read-only transaction'),
      { code: '25006', severity: 'ERROR' },
    );
    const patiently = () => Promise.reject(readOnly);
    const knex = Object.assign(patiently, { raw: patiently }) as never;
    expect(await runOn({ ...database, knex, patiently }, ['migrate'], { input: aPipe('') })).toEqual({
      code: 1,
      out: [],
      err: 'The database cannot do it just now: cannot execute CREATE TABLE in a read-only transaction.\n',
    });
  });

  it.each([
    ['40P01', 'deadlock detected', 'Somebody else changed the same rows at the same time'],
    ['40001', 'could not serialize access', 'Somebody else changed the same rows at the same time'],
    [
      '25P03',
      'terminating connection due to idle-in-transaction timeout',
      'This command stood still for a minute',
    ],
  ])('says that it can be called again when Postgres ends its transaction (%s)', async (code, text, why) => {
    const ended = Object.assign(new Error(`update x - ${text}`), { code, severity: 'ERROR' });
    const patiently = () => Promise.reject(ended);
    const knex = Object.assign(patiently, { raw: patiently }) as never;
    const { code: status, err } = await runOn({ ...database, knex, patiently }, ['migrate'], {
      input: aPipe(''),
    });
    expect({ status, err }).toEqual({
      status: 1,
      err: `${why}, and Postgres ended ${code === '25P03' ? 'its' : 'this'} transaction. Nothing was changed. Call the command again.\n`,
    });
  });

  it.each([
    [[], 'Name a command.'],
    [['hunter2'], 'There is no such command.'],
    [['--hunter2'], 'There is no such option.'],
  ])('answers 2 and the list of commands for %j, repeating no word of it', async (words, mistake) => {
    expect(await run(words)).toEqual({ code: 2, out: [], err: `${mistake}\n\n${overview(COMMANDS)}\n` });
  });

  it.each([
    [['sed', 'file.sql'], 'There is no such command. Perhaps seed is meant.'],
    [['seeds'], 'There is no such command. Perhaps seed is meant.'],
    [['password'], 'There is no such command. These are about password:'],
    [['password', 'hunter2'], 'There is no such command. These are about password:'],
    [['clients', 'list'], 'There is no such command. Perhaps client list is meant.'],
    [['clients', 'list', '--instance', 'hunter2'], 'There is no such command. Perhaps client list is meant.'],
    [['client', 'lst'], 'There is no such command. Perhaps client list is meant.'],
    [['client-list'], 'There is no such command. Perhaps client list is meant.'],
    [['client'], 'There is no such command. These are about client:'],
    [['clients', 'hunter2'], 'There is no such command. These are about client:'],
    [
      ['client', 'secrets', 'add', 'hunter2'],
      'There is no such command. Perhaps client secret add is meant.',
    ],
    [['keys', 'lsit', 'oidc'], 'There is no such command. Perhaps keys list is meant.'],
    [['key', 'list', 'oidc'], 'There is no such command. Perhaps keys list is meant.'],
    [['client', 'list', '--instances', 'hunter2'], 'There is no such option.'],
    [['seed'], 'seed takes FILE behind it.'],
    [['seed', 'one.sql', 'two.sql'], 'seed takes FILE behind it.'],
    [['migrate', 'down'], 'migrate takes nothing behind it.'],
    [['seed', '--force', 'file.sql'], 'There is no such option.'],
    [['client', 'secrets'], 'There is no such command. Perhaps client secret is meant.'],
    [['client', 'secret', 'hunter2'], 'client secret takes nothing behind it.'],
    [['client', 'secret', 'add'], 'client secret add takes CLIENT_ID behind it.'],
    [['client', 'secret', 'add', 'web', 'hunter2'], 'client secret add takes CLIENT_ID behind it.'],
    [['client', 'secret', 'revoke', 'web'], 'client secret revoke takes CLIENT_ID NAME behind it.'],
    [['client', 'secret', 'add', 'web', '--password'], 'client secret add takes no --password.'],
    [['keys', 'list', 'oidc', '--compromised'], 'keys list takes no --compromised.'],
    [['client', 'secret', 'add', 'web', '--name'], 'An option lacks its value, or has one and takes none.'],
    [['database', 'stats', '--json=hunter2'], 'An option lacks its value, or has one and takes none.'],
    [['password', 'hash', 'hunter2'], 'password hash takes nothing behind it.'],
    [['password', 'hash', '--password=hunter2'], 'An option lacks its value, or has one and takes none.'],
    [['password', 'hash', '--secret=hunter2'], 'There is no such option.'],
    [['person', 'reset', 'ada', '--password', 'hunter2'], 'person reset takes PERSON behind it.'],
  ])(
    'answers 2 for %j, and shows only the commands about the same, repeating no word of it',
    async (words, mistake) => {
      const subject = SUBJECTS.find((one) => one.startsWith(words[0]?.slice(0, 2) ?? '')) ?? '';
      expect(await run(words)).toEqual({
        code: 2,
        out: [],
        err: `${mistake}\n\n${aboutSubject(subject, COMMANDS)}\n`,
      });
    },
  );

  it('prints an operator’s mistake without a stack, and answers 1', async () => {
    const openDatabase = async () => {
      throw new OperatorError('The configuration is wrong:\n  - PORT is "x".');
    };
    expect(await runOn(database, ['migrate'], { openDatabase })).toEqual({
      code: 1,
      out: [],
      err: 'The configuration is wrong:\n  - PORT is "x".\n',
    });
  });

  it('says what to do about a database whose schema is older', async () => {
    const undo = new Error('undo');
    const old = database.knex.transaction(async (trx) => {
      await trx.raw('DROP TABLE denied_subjects');
      const openDatabase = async () => ({ ...database, knex: trx, close: async () => undefined });
      expect(await runOn(database, ['database', 'stats'], { openDatabase })).toEqual({
        code: 1,
        out: [],
        err: 'The schema of the database is not that of this version; bring it up to date: npx listo migrate\n',
      });
      throw undo;
    });
    await expect(old).rejects.toBe(undo);
  });
});

describe('client secret', () => {
  it('prints 256 random bits once, their digest, and the SQL to register it', async () => {
    const { code, out, err } = await run(['client', 'secret']);
    const secret = /: ([A-Za-z0-9_-]{43})$/.exec(out[0] ?? '')?.[1] ?? '';
    const digest = digestSecret(secret);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toEqual([
      `Secret, shown only now and kept nowhere: ${secret}`,
      `Digest, for the registration:            ${digest}`,
      '',
      '-- In the seed of a client (of a LiSTNR client: listnr_client_secrets):',
      'INSERT INTO client_secrets (client_id, name, digest)',
      `VALUES ('CLIENT_ID', 'default', '${digest}')`,
      'ON CONFLICT (client_id, name) DO UPDATE SET digest = excluded.digest;',
    ]);
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    expect((await run(['client', 'secret'])).out[0]).not.toBe(out[0]);
  });
});

describe('password hash', () => {
  it.each([
    ['a pipe', () => aPipe('correct otter\n'), ''],
    ['a pipe without a line break', () => aPipe('correct otter'), ''],
    ['a file written on Windows', () => aPipe('correct otter\r\n'), ''],
    [
      'a terminal, asked for twice',
      () => aTerminal('correct otter\r', 'correct otter\r'),
      'Password: \nAgain: \n',
    ],
    [
      'a terminal, with a slip',
      () => aTerminal('correct otted\x7fr\r', 'correct otter\r'),
      'Password: \nAgain: \n',
    ],
  ])('hashes what it reads from %s', async (_from, input, prompts) => {
    const { code, out, err } = await run(['password', 'hash'], input());
    expect({ code, err, lines: out.length }).toEqual({ code: 0, err: prompts, lines: 1 });
    expect(await verifyPassword('correct otter', out[0] ?? '')).toBe(true);
  });

  it('costs what is configured', async () => {
    const settings = {
      cost: { memoryKib: 7168, iterations: 5, parallelism: 1 },
      rangeUrl: undefined,
      outbound: { networks: [], loopback: false },
    };
    const { out } = await runOn(database, ['password', 'hash'], {
      input: aPipe('correct otter'),
      passwords: () => settings,
    });
    expect(out.join()).toMatch(/^\$argon2id\$v=19\$m=7168,t=5,p=1\$/);
    expect(await verifyPassword('correct otter', out.join())).toBe(true);
  });

  it('judges without leaked passwords where nobody can be asked, and says so', async () => {
    const settings = {
      cost: DEFAULT_COST,
      rangeUrl: 'http://192.0.2.1/range',
      outbound: { networks: [], loopback: false },
    };
    const { code, out, err } = await runOn(database, ['password', 'hash'], {
      input: aPipe('correct otter'),
      passwords: () => settings,
    });
    expect({ code, lines: out.length, err }).toEqual({
      code: 0,
      lines: 1,
      err: 'leaked passwords were not looked up; the password was judged without them: 192.0.2.1 is not asked: plain http goes to this machine only.\n',
    });
  });

  it.each([
    ['nothing', () => aPipe(''), 'Standard input is empty; the secret is read from there.\n'],
    ['an empty line', () => aPipe('\n'), 'Standard input is empty; the secret is read from there.\n'],
    [
      'two lines',
      () => aPipe('one\ntwo\n'),
      'Standard input has more than one line; a secret is one line.\n',
    ],
    ['bytes that are no text', () => aPipe(Buffer.from([0xe9])), 'Standard input is not UTF-8 text.\n'],
    [
      'two that differ',
      () => aTerminal('correct otter\r', 'correct other\r'),
      'Password: \nAgain: \nThe two are not the same.\n',
    ],
    ['an interrupt', () => aTerminal('correct\x03'), 'Password: \nInterrupted.\n'],
    [
      'a short one, before it is typed again',
      () => aTerminal('kX8#mQ2\r'),
      'Password: \nThe password has 7 characters; it needs 8 or more.\n',
    ],
    [
      'a common one',
      () => aPipe('password1\n'),
      'The password is too easy to guess. This is a commonly used password. Add more words that are less common.\n',
    ],
  ])('refuses %s', async (_what, input, err) => {
    expect(await run(['password', 'hash'], input())).toEqual({ code: 1, out: [], err });
  });

  it('refuses one made of what is known about the person', async () => {
    const words = ['password', 'hash', '--about', 'ada@acme.example Ada Lovelace'];
    expect(await run(words, aPipe('ada.lovelace1815'))).toEqual({
      code: 1,
      out: [],
      err: 'The password is too easy to guess, because most of it is a word of this service or of the person. Add words that belong to neither.\n',
    });
    expect((await run(words, aPipe('correct otter'))).code).toBe(0);
  });
});

describe('seal', () => {
  it('seals a secret so that it opens in its own place only', async () => {
    const { code, out } = await run(['seal', 'upstream:acme'], aPipe('s3crét\n'));
    expect({ code, lines: out.length }).toEqual({ code: 0, lines: 1 });
    const [sealed = ''] = out;
    expect(sealed).toMatch(/^sealed:v1:[0-9a-f]{8}(:[A-Za-z0-9_-]+){3}$/);
    const box = createSecretBox(TEST_SETTINGS.keyEncryptionKeys);
    expect(box.open(sealed, 'upstream:acme')).toBe('s3crét');
    expect(() => box.open(sealed, 'upstream:other')).toThrow(OperatorError);
  });

  it.each(['acme', 'upstream:', 'upstream:Acme', 'signing key abc'])(
    'refuses the context %s',
    async (context) => {
      expect(await run(['seal', context], aPipe('s3cret'))).toEqual({
        code: 1,
        out: [],
        err: 'CONTEXT says where the secret belongs: upstream:<instance id>.\n',
      });
    },
  );
});

describe('seed', () => {
  const ACME = `INSERT INTO instances (id, name) VALUES ('acme', 'Acme')
    ON CONFLICT (id) DO UPDATE SET name = excluded.name;
    INSERT INTO people (id, instance_id, name) VALUES ('grace', 'acme', current_setting('listo.issuer'))
    ON CONFLICT (id) DO UPDATE SET name = excluded.name;`;

  it('prints each change, and then that nothing changed', async () => {
    const file = aFile('acme.sql', ACME);
    expect(await run(['seed', file])).toEqual({
      code: 0,
      out: ['inserted instances acme', 'inserted people grace'],
      err: '',
    });
    expect(await run(['seed', file])).toEqual({ code: 0, out: ['Nothing changed.'], err: '' });
    const renamed = aFile('renamed.sql', ACME.replace("'Acme'", "'Acme Inc.'"));
    expect((await run(['seed', renamed])).out).toEqual(['updated instances acme']);
    const removed = aFile('removed.sql', "DELETE FROM instances WHERE id = 'acme'");
    expect((await run(['seed', removed])).out).toEqual(['deleted instances acme', 'deleted people grace']);
  });

  it('knows the issuer', async () => {
    await run(['seed', aFile('issuer.sql', ACME)]);
    expect(await database.knex('people').where({ id: 'grace' }).pluck('name')).toEqual([
      'https://login.example',
    ]);
  });

  it('refuses a wrong file with the sentence of the database, applying nothing', async () => {
    const file = aFile(
      'wrong.sql',
      "INSERT INTO instances (id, name) VALUES ('ok', 'OK'), ('Not ok', 'Not OK')",
    );
    expect(await run(['seed', file])).toEqual({
      code: 1,
      out: [],
      err: `${file}: instances: the row "Not ok" is refused
  Use lower case letters, digits and hyphens, up to 40, with a letter or digit at both ends: acme-eu.
  Constraint: instance_id_format of instances
  Nothing of the file was applied.\n`,
    });
    expect(await database.knex('instances').where({ id: 'ok' })).toEqual([]);
  });

  it('refuses a file that does not exist before it opens the database', async () => {
    const file = join(folder, 'missing.sql');
    const openDatabase = () => Promise.reject(new Error('opened'));
    expect(await runOn(database, ['seed', file], { openDatabase })).toEqual({
      code: 1,
      out: [],
      err: `${file} does not exist.\n`,
    });
  });
});

describe('migrate', () => {
  it('says when the schema is up to date', async () => {
    expect(await run(['migrate'])).toEqual({ code: 0, out: ['Nothing to migrate.'], err: '' });
  });
});
