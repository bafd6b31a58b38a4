import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { SecretInput } from '../../src/commands/command.ts';
import { OperatorError } from '../../src/platform/errors.ts';
import { DEFAULT_COST, digestSecret, verifyPassword } from '../../src/platform/secrets/digest.ts';
import { createSecretBox } from '../../src/platform/secrets/secret-box.ts';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';
import { type Run, runOn, TEST_SETTINGS } from '../support/registrations/command-line.ts';

const USAGE = `Usage: npx listo COMMAND (in the image: listo COMMAND)

  seed FILE
      Apply a file of registrations (SQL) in one transaction, and print what it changed.
  migrate
      Bring the schema of the database up to date, as starting the server does.
  client secret
      Make a client secret and print it, this once, beside the digest to register.
  client secret add CLIENT_ID [--name NAME] [--expires-in-days N] [--kind listo|listnr]
      Give a client one more secret and print it, this once. Its name is the day, unless you give one; it does not expire, unless you say when.
  client secret list CLIENT_ID [--kind listo|listnr]
      List the secrets of a client: since when, until when, and when each was last used.
  client secret revoke CLIENT_ID NAME [--kind listo|listnr]
      End a secret of a client. The last one stays: add the next one first.
  password hash [--about WORDS]
      Read a password from standard input and print its argon2id hash, for people.password_hash. A password that is easy to guess is refused; WORDS are what an attacker knows: "ada@acme.example Ada Lovelace Acme".
  seal CONTEXT
      Read a secret from standard input and print it sealed; CONTEXT is upstream:<instance id>, for upstream_providers.client_secret_sealed.
  keys list SET
      List the keys of a set, oidc or listnr, with their states.
  keys rotate SET [--compromised]
      Publish the next key of a set now, ahead of the schedule; it signs once every cache knows it. With --compromised, drop the signing key at once: what it signed is worth nothing any more.
  keys drop SET KID
      Drop a key that somebody else may have, whatever its state: what it signed is worth nothing any more. If it signs, another key takes its place.
  keys reseal
      Seal the private keys anew with the first KEY_ENCRYPTION_KEY, so that the others can go.
  client list [--instance ID] [--after ID] [--json]
      List the clients of Sign in with Listo by id, up to 1000; --after goes on behind an id.
  client show ID [--json]
      Show one client of Sign in with Listo and what belongs to it; of a secret only whether there is one.
  instance list [--after ID] [--json]
      List the instances by id, up to 1000; --after goes on behind an id.
  instance show ID [--json]
      Show one instance and what belongs to it; of a secret only whether there is one.
  person list [--instance ID] [--email ADDRESS] [--after ID] [--json]
      List the people by id, up to 1000; --after goes on behind an id.
  person show ID [--json]
      Show one person and what belongs to it; of a secret only whether there is one.
  listnr list [--after ID] [--json]
      List the clients of LiSTNR by id, up to 1000; --after goes on behind an id.
  listnr show ID [--json]
      Show one client of LiSTNR and what belongs to it; of a secret only whether there is one.
  person create ADDRESS [--instance ID] [--name NAME] [--password] [--json]
      Register a person of an instance. With --password, read their first password from standard input; without, they choose one by an invitation.
  person invite PERSON [--instance ID] [--json]
      Send a person without a password a mail with a link to choose their first one.
  person reset PERSON [--instance ID] [--password] [--json]
      End a person's password and all their sessions, and send them a mail with a link to choose another one. With --password, read that from standard input instead of sending a mail.
  person disable PERSON [--instance ID] [--json]
      Disable a person, by id or address: their sessions and everything allowed in them end at once, and they cannot sign in.
  person enable PERSON [--instance ID] [--json]
      Let a disabled person sign in again, by id or address.
  person sessions PERSON [--instance ID] [--json]
      List the browsers in which a person is signed in, the latest first.
  person sign-out PERSON [--instance ID] [--session UID] [--json]
      End all sessions of a person, or the one that --session names, and everything that was allowed in them. They may sign in again.
  person factors PERSON [--instance ID] [--remove FACTOR] [--json]
      List what a person has beside a password: an authenticator app, passkeys. --remove takes one away, for somebody who lost the phone; the recovery codes go with the last one, and the person is told by mail.
  deliveries list [--state STATE] [--kind KIND] [--client ID] [--after NUMBER] [--json]
      List what was sent to others or waits for it, the newest first, up to 100; --after goes on behind a number. STATE is queued, delivered or given_up.
  deliveries show NUMBER [--json]
      Show one delivery: what it is about, what became of it, and why it failed last.
  deliveries retry NUMBER
      Send one delivery again now, also one that was given up or delivered; after a failure, for a day.
  audit [--person ID] [--client ID] [--instance ID] [--event EVENT] [--request ID] [--since TIME] [--until TIME] [--limit N] [--json]
      Read the audit trail, the newest first, 100 events unless you say how many; --json writes a line for each. TIME is 2026-11-27, 2026-11-27T14:00:00Z, or an age: 30m, 12h, 7d. EVENT is one of npx listo audit events, or a thing, for all of its events: sign_in, upstream, password, person, address, device_code, passkey, session, consent, grant, access_token, refresh_token, authorization_code, client, client_secret, instance, listnr_accepted_issuer, listnr_client, listnr_client_secret, signing_key, upstream_identity, upstream_provider, user_record, worker_id, factor, recovery_code, recovery_codes.
  audit events
      Explain the events of the audit trail.
  database stats [--json]
      Say of each table how many rows it has, how many have expired, how long the oldest of those has waited, and its size. ~ is an estimate, > where counting stopped.
  help
      Print this.`;

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

  it.each([['help'], ['--help'], ['-h'], ['seed', '--help']])('prints its usage for %s', async (...words) => {
    expect(await run(words)).toEqual({ code: 0, out: [USAGE], err: '' });
  });

  it.each([
    [[], 'Name a command.'],
    [['hunter2'], 'There is no such command.'],
    [['--hunter2'], 'There is no such option.'],
  ])('answers 2 and its usage for %j, repeating no word of it', async (words, mistake) => {
    expect(await run(words)).toEqual({ code: 2, out: [], err: `${mistake}\n\n${USAGE}\n` });
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
    [['client', 'secret', 'add', 'web', '--json'], 'client secret add takes no --json.'],
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
      const about = USAGE.split(/\n(?= {2}\S)/).filter((lines) => lines.startsWith(`  ${subject}`));
      expect(await run(words)).toEqual({
        code: 2,
        out: [],
        err: `${mistake}\n\n${about.join('\n')}\n\nAll commands: npx listo help\n`,
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
