import { by, eventsOf } from '../support/databases/audit-trail.ts';
import { runOn } from '../support/registrations/command-line.ts';
import {
  aClient,
  anUpstream,
  aSecret,
  DIGEST,
  openRegistration,
  type Registration,
} from '../support/registrations/registration.ts';

let registration: Registration;
let byRole: ReturnType<typeof by>;
beforeAll(async () => {
  registration = await openRegistration();
  const { rows } = await registration.database.knex.raw('SELECT session_user AS name');
  byRole = by(`role ${rows[0].name}`);
});
afterAll(() => registration.close());

const events = (work: () => Promise<unknown>) => eventsOf(registration.database.knex, work);

describe('the audit trail tells of a registration', () => {
  it('that a seed made, and nothing when it is applied again', async () => {
    const seed = `${aClient({ id: "'of_seed'" })} ${aSecret({ client_id: "'of_seed'" })}`;
    const told = await events(() => registration.apply(seed));
    const way = { ...told[0], way: expect.stringMatching(/^seed /) };
    expect(told.map(({ event, client_id, instance_id }) => ({ event, client_id, instance_id }))).toEqual([
      { event: 'client.created', client_id: 'of_seed', instance_id: 'home' },
      { event: 'client_secret.created', client_id: 'of_seed', instance_id: 'home' },
    ]);
    expect(told[0]).toEqual(way);
    expect(told[0]?.detail).toMatchObject({
      key: 'of_seed',
      old: {},
      new: { id: 'of_seed', type: 'confidential' },
    });
    expect(told[1]?.detail).toEqual({
      ...{ key: 'of_seed default', named: ['digest'], old: {} },
      new: { client_id: 'of_seed', name: 'default', created_at: expect.any(String) },
    });
    expect(JSON.stringify(told)).not.toContain(DIGEST);
  });

  it('that SQL changed: old and new values, and nothing if there is no other value', async () => {
    const { knex } = registration.database;
    const web = () => knex('clients').where({ id: 'web' });
    const { name } = await web().first('name');
    const about = {
      event: 'client.changed',
      person_id: null,
      client_id: 'web',
      instance_id: 'home',
      ...byRole,
    };
    expect(await events(() => web().update({ name: 'Renamed', require_consent: true }))).toEqual([
      {
        ...about,
        detail: {
          ...{ key: 'web', old: { name, require_consent: false } },
          new: { name: 'Renamed', require_consent: true },
        },
      },
    ]);
    expect(await events(() => web().update({ name: 'Renamed' }))).toEqual([]);
    await web().update({ name, require_consent: false });
  });

  it('by name alone, where a column is a secret', async () => {
    const { knex } = registration.database;
    const sealed = (text: string) => `sealed:v1:00000000:${text}:${text}:${text}`;
    await registration.apply(
      `INSERT INTO instances (id, name, authentication) VALUES ('up', 'Up', 'oidc');
       ${anUpstream({ instance_id: "'up'", client_secret_sealed: `'${sealed('first')}'` })}`,
    );
    const told = await events(() =>
      knex('upstream_providers')
        .where({ instance_id: 'up' })
        .update({ client_secret_sealed: sealed('second') }),
    );
    expect(told).toEqual([
      {
        ...{
          event: 'upstream_provider.changed',
          person_id: null,
          client_id: null,
          instance_id: 'up',
          ...byRole,
        },
        detail: { key: 'up', named: ['client_secret_sealed'], old: {}, new: {} },
      },
    ]);
  });

  it('that a command changed, with its name', async () => {
    const cli = (...words: string[]) => runOn(registration.database, words);
    const told = await events(async () => {
      await cli('client', 'secret', 'add', 'web', '--name', 'spring');
      await cli('client', 'secret', 'revoke', 'web', 'spring');
      await cli('keys', 'rotate', 'listnr');
    });
    expect(told.map(({ event, way, client_id }) => ({ event, way, client_id }))).toEqual([
      { event: 'client_secret.created', way: 'command client secret', client_id: 'web' },
      { event: 'client_secret.deleted', way: 'command client secret', client_id: 'web' },
      { event: 'signing_key.created', way: 'command keys', client_id: null },
    ]);
    expect(JSON.stringify(told)).not.toContain('sealed:');
  });

  it('of a client that is deleted: once, and not of each of its rows', async () => {
    const { knex } = registration.database;
    await registration.apply(`${aClient({ id: "'going'" })} ${aSecret({ client_id: "'going'" })}`);
    const told = await events(() => knex('clients').where({ id: 'going' }).delete());
    expect(told.map(({ event }) => event)).toEqual(['client.deleted']);
    expect(told[0]?.detail).toMatchObject({ key: 'going', old: { id: 'going' }, new: {} });
  });

  it('in the transaction that makes the change, or not at all', async () => {
    const { knex } = registration.database;
    const told = await events(() =>
      knex
        .transaction(async (trx) => {
          await trx('clients').where({ id: 'web' }).update({ name: 'Never' });
          expect(await trx('audit_events').where({ event: 'client.changed' })).not.toEqual([]);
          throw new Error('rolled back');
        })
        .catch(() => undefined),
    );
    expect(told).toEqual([]);
  });

  it('of a person: names of columns, and never an address or a name', async () => {
    const { knex } = registration.database;
    const told = await events(async () => {
      await knex('people').insert({
        id: 'grace',
        instance_id: 'home',
        email: 'grace@demo.example',
        name: 'Grace',
      });
      await knex('people').where({ id: 'grace' }).update({ email: 'hopper@demo.example', name: 'Hopper' });
      await knex('worker_ids').insert({ person_id: 'grace', worker_id: 'w-1' });
      await knex('people').where({ id: 'grace' }).delete();
    });
    expect(told.map(({ event, person_id, detail }) => ({ event, person_id, detail }))).toEqual([
      { event: 'person.created', person_id: 'grace', detail: { password: false, disabled: false } },
      { event: 'address.changed', person_id: 'grace', detail: { had: true, has: true } },
      { event: 'person.changed', person_id: 'grace', detail: { named: ['name'] } },
      { event: 'worker_id.created', person_id: 'grace', detail: expect.anything() },
      { event: 'person.deleted', person_id: 'grace', detail: {} },
    ]);
    expect(JSON.stringify(told)).not.toMatch(/demo\.example|Grace|Hopper/);
  });
});
