import { PassThrough } from 'node:stream';
import type { CommandContext } from '../../src/commands/command.ts';
import { verifyPassword } from '../../src/platform/secrets/digest.ts';
import { openTestDatabase, type TestDatabase } from '../support/databases/test-database.ts';
import { type Run, runOn, TEST_SETTINGS } from '../support/registrations/command-line.ts';
import { HASH } from '../support/registrations/registration.ts';

const PASSWORD = 'violet tractors hum at dusk';
const ADA = { id: 'ada', instance_id: 'home', email: 'Ada@home.example' };
const NO_MAIL = {
  issuer: 'https://login.example',
  keyEncryptionKeys: TEST_SETTINGS.keyEncryptionKeys,
  isSent: false,
};

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
  await database.knex.raw(`
    INSERT INTO instances (id, name, authentication) VALUES ('home', 'Home', 'password'), ('farm', 'Farm', 'password'), ('acme', 'Acme', 'oidc');
    INSERT INTO upstream_providers (instance_id, issuer, client_id, client_secret_sealed) VALUES ('acme', 'https://idp.example', 'listo', 'sealed:v1:0123abcd:a:b:c');
  `);
});
afterAll(() => database.close());

beforeEach(async () => {
  const { knex } = database;
  await knex('people').delete();
  await knex('deliveries').delete();
  await knex('audit_events').delete();
  await knex.raw(`
    INSERT INTO people (id, instance_id, email, name, password_hash) VALUES
      ('ada', 'home', 'Ada@home.example', 'Ada Lovelace', '${HASH}'),
      ('ada-of-the-farm', 'farm', 'ada@home.example', NULL, '${HASH}'),
      ('grace', 'home', 'grace@home.example', NULL, NULL),
      ('bob', 'acme', 'bob@acme.example', NULL, NULL);
    INSERT INTO sessions (uid, id_hash, person_id, payload, user_agent, created_at, last_seen_at, expires_at) VALUES
      ('first', 'one', 'ada', '{}', 'Firefox', '2026-01-02T03:04:05Z', NULL, '2100-01-01T00:00:00Z'),
      ('second', 'two', 'ada', '{}', NULL, '2026-01-01T03:04:05Z', '2026-01-03T03:04:05Z', '2100-01-01T00:00:00Z'),
      ('over', 'three', 'ada', '{}', NULL, '2026-01-01T03:04:05Z', NULL, '2026-01-02T00:00:00Z');
    INSERT INTO totp_factors (person_id, secret_sealed, last_step, created_at) VALUES ('ada', 'sealed', 0, '2026-01-02T03:04:05Z');
    INSERT INTO passkeys (credential_id, person_id, public_key, aaguid, backed_up, name, created_at)
      VALUES ('\\x00112233445566778899', 'ada', 'key', 'none', true, 'Phone', '2026-01-03T03:04:05Z');
    INSERT INTO recovery_codes (person_id, code_hash) VALUES ('ada', 'code');
  `);
  await knex('audit_events').delete();
});

const run = (words: string[], more: Partial<CommandContext> = {}): Promise<Run> =>
  runOn(database, words, more);
const typed = (text: string) => ({ input: new PassThrough().end(text) });
const done = (...out: string[]) => ({ code: 0, out, err: '' });
const refused = (err: string) => ({ code: 1, out: [], err: `${err}\n` });

const person = (id: string) => database.knex('people').where({ id }).first();
const sessions = () => database.knex('sessions').whereNotNull('person_id').orderBy('uid').pluck('uid');
const mails = async () =>
  (await database.knex('deliveries').where({ kind: 'mail' }).pluck('payload')).map(
    ({ template }) => template,
  );
/** The rows of the audit trail, without the ends of sessions. */
const told = async () =>
  (await database.knex('audit_events').orderBy('id').select('event', 'person_id', 'way'))
    .filter(({ event }) => event !== 'session.ended')
    .map(({ event, person_id, way }) => [event, person_id, way]);

describe('a command about a person', () => {
  it('takes an id, or an address in any spelling that one person has', async () => {
    for (const words of [['ada'], ['ADA@home.example', '--instance', 'home']])
      expect(await run(['person', 'enable', ...words])).toEqual(
        done('Ada@home.example (ada) of home was not disabled. Nothing changed.'),
      );
  });

  it('refuses an address that people of several instances have, and says whom there is', async () => {
    expect(await run(['person', 'disable', 'ada@home.example'])).toEqual(
      refused(
        [
          'Several people have this address. Say which: their id, or --instance.',
          '  id               instance_id  email             name',
          '  ada-of-the-farm  farm         ada@home.example  -',
          '  ada              home         Ada@home.example  Ada Lovelace',
        ].join('\n'),
      ),
    );
    expect(await sessions()).toEqual(['first', 'over', 'second']);
  });

  it.each([
    ['nobody@home.example', [], 'Nobody has this address. npx listo person list shows whom there is.'],
    [
      'grace@home.example',
      ['--instance', 'farm'],
      'Nobody has this address in this instance. npx listo person list shows whom there is.',
    ],
    [
      'grase',
      [],
      'There is no person with this id. Perhaps grace is meant. npx listo person list --email ADDRESS finds people by their address.',
    ],
  ])('names nobody: %s %j', async (word, options, sentence) => {
    for (const command of ['disable', 'enable', 'sessions', 'sign-out', 'factors', 'invite', 'reset'])
      expect(await run(['person', command, word, ...options])).toEqual(refused(sentence));
  });

  it('is explained where it is called wrongly', async () => {
    const { code, err } = await run(['person', 'disable']);
    expect(code).toBe(2);
    expect(err).toMatch(/^person disable takes PERSON behind it\.\n/);
  });
});

describe('person create', () => {
  it('registers somebody, without a password or with one that is read', async () => {
    const without = await run(['person', 'create', 'eve@home.example', '--instance', 'home', '--json']);
    const { did, person: eve } = JSON.parse(without.out.join('\n'));
    expect({ did, eve }).toEqual({
      did: 'created',
      eve: { id: expect.any(String), instance_id: 'home', email: 'eve@home.example' },
    });
    expect(await person(eve.id)).toMatchObject({ name: null, password_hash: null, email_verified: false });

    const words = [
      'person',
      'create',
      'mary@home.example',
      '--instance',
      'home',
      '--name',
      'Mary',
      '--password',
    ];
    const { out } = await run(words, typed(`${PASSWORD}\n`));
    const [, id = ''] = /^Created mary@home\.example \((.*)\) of home\.$/.exec(out.join('\n')) ?? [];
    const mary = await person(id);
    expect(mary.name).toBe('Mary');
    expect(await verifyPassword(PASSWORD, mary.password_hash)).toBe(true);
    expect(await told()).toEqual([
      ['person.created', eve.id, 'command person create'],
      ['person.created', id, 'command person create'],
    ]);
  });

  it.each([
    [
      ['new@home.example'],
      'Say of which instance: --instance ID. npx listo instance list shows those there are.',
    ],
    [
      ['new@home.example', '--instance', 'hone'],
      'There is no instance with this id. npx listo instance list shows those there are.',
    ],
    [
      ['new@acme.example', '--instance', 'acme', '--password'],
      'The people of this instance sign in at their own provider, without a password here.',
    ],
    [
      ['new at home', '--instance', 'home'],
      'ADDRESS is one address with one @ and no spaces; NAME has up to 200 characters.',
    ],
    [
      ['new@home.example', '--instance', 'home', '--password'],
      'The password is too easy to guess. This is a heavily used password. Add more words that are less common.',
    ],
  ])('refuses %j', async (words, sentence) => {
    const { code, err } = await run(['person', 'create', ...words], typed('password'));
    expect({ code, err: err.split('\n')[0] }).toEqual({ code: 1, err: sentence });
    expect(await told()).toEqual([]);
  });

  it.each([[['--password']], [[]]])('refuses an address that somebody has: %j', async (more) => {
    const words = ['person', 'create', 'ADA@home.example', '--instance', 'home', ...more];
    const { code, err } = await run(words, typed(PASSWORD));
    expect(code).toBe(1);
    expect(err).toMatch(/has this (?:e-mail )?address/);
  });
});

describe('person disable and enable', () => {
  it('shut somebody out everywhere, and let them in again', async () => {
    expect(await run(['person', 'disable', 'ada'])).toEqual(
      done('Disabled Ada@home.example (ada) of home, and signed them out everywhere.'),
    );
    expect(await sessions()).toEqual([]);
    expect((await person('ada')).disabled_at).toEqual(expect.any(Date));
    expect(await run(['person', 'disable', 'ada'])).toEqual(
      done('Ada@home.example (ada) of home was disabled already. Nothing changed.'),
    );
    expect(await run(['person', 'enable', 'ada'])).toEqual(done('Enabled Ada@home.example (ada) of home.'));
    expect((await person('ada')).disabled_at).toBeNull();
    expect(await told()).toEqual([
      ['person.disabled', 'ada', 'command person disable'],
      ['person.enabled', 'ada', 'command person enable'],
    ]);
  });
});

describe('person sessions and sign-out', () => {
  it('list the sessions that go on, the latest first', async () => {
    expect(await run(['person', 'sessions', 'ada'])).toEqual(
      done(
        'uid     created_at                last_seen_at              expires_at                user_agent',
        'second  2026-01-01T03:04:05.000Z  2026-01-03T03:04:05.000Z  2100-01-01T00:00:00.000Z  -',
        'first   2026-01-02T03:04:05.000Z  -                         2100-01-01T00:00:00.000Z  Firefox',
      ),
    );
    const { out } = await run(['person', 'sessions', 'ada', '--json']);
    expect(JSON.parse(out.join('\n')).map(({ uid }: { uid: string }) => uid)).toEqual(['second', 'first']);
    expect(await run(['person', 'sessions', 'grace'])).toEqual(
      done('grace@home.example (grace) of home is signed in nowhere.'),
    );
  });

  it('end one, or all', async () => {
    expect(await run(['person', 'sign-out', 'ada', '--session', 'first', '--json'])).toEqual({
      ...done(),
      out: [JSON.stringify({ did: 'signed_out', person: ADA, sessions: 1 }, null, 2)],
    });
    expect(await sessions()).toEqual(['over', 'second']);
    expect(await run(['person', 'sign-out', 'ada', '--session', 'first'])).toEqual(
      refused(
        'The person has no session with this uid. npx listo person sessions PERSON shows those there are.',
      ),
    );
    expect(await run(['person', 'sign-out', 'ada'])).toEqual(
      done('Ended one session of Ada@home.example (ada) of home.'),
    );
    expect(await run(['person', 'sign-out', 'ada'])).toEqual(
      done('Ada@home.example (ada) of home was signed in nowhere. Nothing changed.'),
    );
    const ended = await database.knex('audit_events').where({ event: 'session.ended' }).pluck('way');
    expect(ended).toEqual(['command person sign-out', 'command person sign-out']);
  });
});

describe('person factors', () => {
  it('lists them, and takes one away, of which the person hears by mail', async () => {
    expect(await run(['person', 'factors', 'ada'])).toEqual(
      done(
        'factor                name   created_at                last_used_at',
        'app                   -      2026-01-02T03:04:05.000Z  -',
        'passkey-001122334455  Phone  2026-01-03T03:04:05.000Z  -',
      ),
    );
    expect(await run(['person', 'factors', 'ada', '--remove', 'app'])).toEqual(
      done(
        'Removed app from Ada@home.example (ada) of home. Their sessions go on: npx listo person sign-out ends them.',
      ),
    );
    const codes = () => database.knex('recovery_codes').pluck('person_id');
    expect(await codes()).toEqual(['ada']);
    const { code } = await run(['person', 'factors', 'ada', '--remove', 'passkey-001122334455', '--json']);
    expect({ code, codes: await codes() }).toEqual({ code: 0, codes: [] });
    expect(await run(['person', 'factors', 'ada'])).toEqual(done('Ada@home.example (ada) of home has none.'));
    expect(await mails()).toEqual(['factor_removed', 'factor_removed']);
    expect(await told()).toEqual([
      ['factor.removed', 'ada', 'command person factors'],
      ['passkey.removed', 'ada', 'command person factors'],
    ]);
  });

  it('takes none away that the person has not', async () => {
    const sentence = 'The person has no such factor. npx listo person factors PERSON shows those there are.';
    expect(await run(['person', 'factors', 'ada', '--remove', 'passkey-99'])).toEqual(refused(sentence));
    expect(await run(['person', 'factors', 'grace', '--remove', 'app'])).toEqual(refused(sentence));
  });
});

describe('person invite and reset', () => {
  it('invite somebody without a password, by a mail alone', async () => {
    expect(await run(['person', 'invite', 'grace'])).toEqual(
      done('Queued an invitation to grace@home.example (grace) of home.'),
    );
    expect(await mails()).toEqual(['invitation']);
    expect(await told()).toEqual([['person.invited', 'grace', 'command person invite']]);
  });

  it('end the password and the sessions, and mail a link', async () => {
    expect(await run(['person', 'reset', 'ada'])).toEqual(
      done(
        'Ended the password and the sessions of Ada@home.example (ada) of home, and queued a mail with a link to choose another one.',
      ),
    );
    expect({ hash: (await person('ada')).password_hash, sessions: await sessions() }).toEqual({
      hash: null,
      sessions: [],
    });
    expect(await mails()).toEqual(['invitation']);
    expect(await told()).toEqual([
      ['password.changed', 'ada', 'command person reset'],
      ['person.invited', 'ada', 'command person reset'],
    ]);
  });

  it('set a password that is read, with mail and without', async () => {
    for (const mail of [NO_MAIL, { ...NO_MAIL, isSent: true }]) {
      const words = ['person', 'reset', 'ada', '--password'];
      expect(await run(words, { ...typed(PASSWORD), mail: () => mail })).toEqual(
        done('Set the password of Ada@home.example (ada) of home, and signed them out everywhere.'),
      );
      expect(await verifyPassword(PASSWORD, (await person('ada')).password_hash)).toBe(true);
    }
    expect(await sessions()).toEqual([]);
    expect(await mails()).toEqual(['password_changed']);
  });

  it('change nothing where the server sends no mail', async () => {
    for (const words of [
      ['invite', 'grace'],
      ['reset', 'ada'],
    ])
      expect(await run(['person', ...words], { mail: () => NO_MAIL })).toEqual(
        refused(
          'The server sends no mail (SMTP_URL). Set a password instead, and hand it over: npx listo person reset PERSON --password',
        ),
      );
    expect((await person('ada')).password_hash).toBe(HASH);
    expect(await sessions()).toEqual(['first', 'over', 'second']);
    expect(await told()).toEqual([]);
  });

  it('refuse who has a password, who is disabled, whose provider has it, and a password with words of the person', async () => {
    expect(await run(['person', 'invite', 'ada'])).toEqual(
      refused(
        'The person has a password already. npx listo person reset PERSON takes it away and sends a new link.',
      ),
    );
    await database.knex('people').where({ id: 'ada' }).update({ disabled_at: new Date() });
    for (const words of [['reset'], ['reset', '--password']])
      expect(await run(['person', ...words, 'ada'], typed(PASSWORD))).toEqual(
        refused('The person is disabled. npx listo person enable PERSON comes first.'),
      );
    for (const command of ['invite', 'reset'])
      expect(await run(['person', command, 'bob'])).toEqual(
        refused('The people of this instance sign in at their own provider, without a password here.'),
      );
    const { code, err } = await run(['person', 'reset', 'grace', '--password'], typed('grace-home-1906'));
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringContaining('most of it is a word of this service or of the person'),
    });
    expect((await person('grace')).password_hash).toBeNull();
  });
});
