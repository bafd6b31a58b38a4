import { applySeed } from '../../src/platform/seeds/seed.ts';
import { ADA, obtainTokens } from '../support/clients/relying-party.ts';
import { runOn } from '../support/registrations/command-line.ts';
import {
  aClient,
  aListnrClient,
  anAcceptedIssuer,
  anUpstream,
  aSecret,
  DIGEST,
  insert,
} from '../support/registrations/registration.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const SEALED = 'sealed:v1:0123abcd:a:b:c';
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z {2}/;

let server: TestServer;
let role: string;
beforeAll(async () => {
  server = await startTestServer();
  const { rows } = await server.database.knex.raw('SELECT session_user AS name');
  role = rows[0].name;
});
afterAll(() => server.close());

const seed = (sql: string) => applySeed(server.database.knex, { name: 'acme.sql', sql });
const history = (...words: string[]) => {
  const [word = '', ...others] = words;
  return runOn(server.database, [word, 'history', ...others]);
};
/** Standard output without the times. */
const told = async (...words: string[]) =>
  (await history(...words)).out.map((line) => line.replace(TIME, ''));

const CREATED_CLIENT = [
  'client.created  by seed acme.sql',
  '    answer_silently: false',
  '    application_type: web',
];

describe('the history of a client', () => {
  it('tells who changed it and its secrets, from what to what, the newest first', async () => {
    const { knex } = server.database;
    await seed(
      insert('instances', { id: "'home'", name: "'Home'" }) +
        aClient({ redirect_uris: "'{https://app.example/a,https://app.example/b}'" }) +
        aSecret(),
    );
    await seed("UPDATE clients SET name = 'Renamed', require_consent = true WHERE id = 'web'");
    await knex('clients')
      .where({ id: 'web' })
      .update({ redirect_uris: ['https://app.example/b', 'https://app.example/c'] });
    await runOn(server.database, ['client', 'secret', 'add', 'web', '--name', 'spring']);
    await knex('client_secrets').where({ name: 'spring' }).update({ digest: DIGEST });
    const out = await told('client', 'web');
    const end = out.indexOf('client.created  by seed acme.sql');
    expect(out.slice(0, end)).toEqual([
      `client_secret.changed web spring  by role ${role}`,
      '    digest: the trail does not keep its value',
      'client_secret.created web spring  by command client secret',
      '    client_id: web',
      expect.stringMatching(/^ {4}created_at: /),
      '    name: spring',
      '    digest: the trail does not keep its value',
      `client.changed  by role ${role}`,
      '    redirect_uris: without https://app.example/a, with https://app.example/c',
      'client.changed  by seed acme.sql',
      '    name: Web → Renamed',
      '    require_consent: false → true',
      'client_secret.created web default  by seed acme.sql',
      '    client_id: web',
      expect.stringMatching(/^ {4}created_at: /),
      '    name: default',
      '    digest: the trail does not keep its value',
    ]);
    expect(out.slice(end, end + 3)).toEqual(CREATED_CLIENT);
    expect(out.join()).not.toContain(DIGEST.slice(7));
  });

  it('tells it of one that was deleted, and of none else', async () => {
    await seed("DELETE FROM clients WHERE id = 'web'");
    const { code, out, err } = await history('client', 'web');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out[0]?.replace(TIME, '')).toBe('client.deleted  by seed acme.sql');
    expect(out).toContain('    name: Renamed');
    expect(out.join()).not.toContain('client_demo_web');
  });

  it('tells that it went with its instance', async () => {
    await seed(
      insert('instances', { id: "'gone'", name: "'Gone'" }) +
        aClient({ id: "'going'", instance_id: "'gone'", type: "'public'" }),
    );
    await server.database.knex('instances').where({ id: 'gone' }).delete();
    expect((await told('client', 'going'))[0]).toBe(`instance.deleted  by role ${role}`);
    await seed(aClient({ id: "'going'", instance_id: "'home'", type: "'public'" }));
    expect((await told('client', 'going'))[0]).toBe('client.created  by seed acme.sql');
  });

  it('is JSON with --json, and begins at --since', async () => {
    const { knex } = server.database;
    await knex('clients')
      .where({ id: 'going' })
      .update({ name: 'Newer', client_uri: 'https://app.example/' });
    const { out } = await history('client', 'going', '--json', '--since', '10m');
    const [last, ...earlier] = JSON.parse(out.join('\n'));
    expect(last).toEqual({
      ...{ at: expect.any(String), event: 'client.changed', key: 'going' },
      ...{ way: `role ${role}`, address: null, request_id: null, named: [], detail: {} },
      fields: [
        { column: 'client_uri', old: null, new: 'https://app.example/' },
        { column: 'name', old: 'Web', new: 'Newer' },
      ],
    });
    expect(earlier).toHaveLength(3);
    expect(await history('client', 'going', '--since', '2099-01-01')).toMatchObject({
      code: 0,
      out: ['None.'],
    });
  });

  it('is explained where there is none', async () => {
    expect(await history('client', 'client_demo_wbe')).toEqual({
      code: 1,
      out: [],
      err: 'There is no client of Sign in with Listo with this id, and the audit trail tells of none. Perhaps client_demo_web is meant. npx listo client list shows those there are.\n',
    });
  });

  it('is explained for an address of a person, with the list that takes one', async () => {
    expect((await history('person', 'nobody@demo.example')).err).toBe(
      'There is no person with this id, and the audit trail tells of none. npx listo person list --email ADDRESS finds people by their address.\n',
    );
  });

  it('says where the trail begins, if the client is older', async () => {
    const { knex } = server.database;
    await knex('audit_events').where({ client_id: 'client_demo_spa' }).delete();
    const first = await knex('audit_events').orderBy('at').first('at');
    expect(await history('client', 'client_demo_spa')).toEqual({
      code: 0,
      out: ['None.'],
      err: `It is older than the audit trail, which begins at ${first.at.toISOString()}.\n`,
    });
  });
});

describe('the history of another registration', () => {
  it('of an instance has its provider, whose secret has no value', async () => {
    await seed(
      `INSERT INTO instances (id, name, authentication) VALUES ('up', 'Up', 'oidc'); ${anUpstream({ instance_id: "'up'" })}`,
    );
    await server.database.knex('upstream_providers').update({ client_secret_sealed: SEALED, pass_amr: true });
    expect((await told('instance', 'up')).slice(0, 3)).toEqual([
      `upstream_provider.changed up  by role ${role}`,
      '    pass_amr: false → true',
      '    client_secret_sealed: the trail does not keep its value',
    ]);
    expect((await told('instance', 'up')).join()).not.toContain(SEALED);
  });

  it('of a client of LiSTNR has its issuers, and nothing of a client with the same id', async () => {
    await seed(
      aListnrClient({ id: "'web'" }) +
        anAcceptedIssuer({ client_id: "'web'" }) +
        aClient({ type: "'public'" }),
    );
    await server.database
      .knex('listnr_accepted_issuers')
      .where({ client_id: 'web' })
      .update({ audiences: ['web', 'spa'] });
    const out = await told('listnr', 'web');
    expect(out.slice(0, 2)).toEqual([
      `listnr_accepted_issuer.changed web self  by role ${role}`,
      '    audiences: with spa',
    ]);
    expect(out.filter((line) => line.startsWith('client.'))).toEqual([]);
    expect((await told('client', 'web')).filter((line) => line.startsWith('listnr'))).toEqual([]);
  });

  it('of a person has the names of columns and no values, and the requests', async () => {
    const { knex } = server.database;
    const { id } = await knex('people').where({ email: ADA.email }).first('id');
    await obtainTokens(server.url);
    await knex('people').where({ id }).update({ name: 'Somebody Else', email: 'else@demo.example' });
    await knex('people').where({ id }).update({ email: ADA.email, disabled_at: knex.fn.now() });
    await knex('audit_events').insert({
      ...{
        event: 'passkey.renamed',
        person_id: id,
        way: 'request',
        address: '192.0.2.7',
        request_id: 'abc-1',
      },
      detail: { passkey: '00ff' },
    });
    const out = await told('person', id);
    expect(out.slice(0, 7)).toEqual([
      'passkey.renamed  by request abc-1 from 192.0.2.7',
      '    passkey: 00ff',
      `address.changed  by role ${role}`,
      '    had: true',
      '    has: true',
      `person.disabled  by role ${role}`,
      `person.changed  by role ${role}`,
    ]);
    expect(out.join('\n')).not.toMatch(/Somebody|@/);
    expect(out.filter((line) => line.startsWith('sign_in'))).toEqual([]);
  });

  it('tells that all went at once', async () => {
    await server.database.knex.raw('TRUNCATE listnr_clients CASCADE');
    expect((await told('listnr', 'demo-app')).slice(0, 2)).toEqual([
      expect.stringMatching(/^listnr_(client|accepted_issuer)/),
      '    all: true',
    ]);
  });
});
