import { BY_REQUEST, eventsOf } from '../support/databases/audit-trail.ts';
import { somebody, startUpstreamWorld, type UpstreamWorld } from '../support/upstream/upstream-world.ts';

let world: UpstreamWorld;
beforeAll(async () => {
  world = await startUpstreamWorld();
});
afterAll(() => world.close());

const events = (work: () => Promise<unknown>) => eventsOf(world.server.database.knex, work);

describe("of a sign-in at a customer's own provider the audit trail tells", () => {
  it('the new person, what changed of them the next time, and nothing where nothing did', async () => {
    const client = await world.aTenant('creating', { first_sign_in: 'create' });
    const about = { ...BY_REQUEST, instance_id: 'creating' };
    const person = somebody({ name: 'Mary Jackson' });
    const first = await events(() => world.signIn(client, person));
    const id = first[0]?.person_id;
    expect(first).toEqual([
      {
        ...about,
        event: 'person.created',
        client_id: null,
        person_id: id,
        detail: { password: false, disabled: false },
      },
      {
        ...{ ...about, event: 'upstream_identity.created', client_id: null, person_id: id },
        detail: {
          ...{ key: id, named: ['subject'], old: {} },
          new: { instance_id: 'creating', issuer: world.idp.issuer, person_id: id },
        },
      },
      {
        ...{ ...about, event: 'sign_in.succeeded', client_id: client.client_id, person_id: id },
        detail: { session: expect.any(String), methods: ['upstream'] },
      },
    ]);
    expect(JSON.stringify(first)).not.toContain('Mary');
    expect((await events(() => world.signIn(client, person))).map(({ event }) => event)).toEqual([
      'sign_in.succeeded',
    ]);
    const renamed = await events(() =>
      world.signIn(client, { ...person, claims: { ...person.claims, name: 'M. J.' } }),
    );
    expect(renamed.map(({ event, detail }) => ({ event, named: detail.named }))).toEqual([
      { event: 'person.changed', named: ['name'] },
      { event: 'sign_in.succeeded', named: undefined },
    ]);
  });

  it('that somebody who is not known here was refused, and that somebody declined there', async () => {
    const client = await world.aTenant('refusing');
    const refused = (why: string) => ({
      ...{ ...BY_REQUEST, event: 'upstream.refused', client_id: client.client_id },
      ...{ instance_id: 'refusing', person_id: null, detail: { why } },
    });
    expect(await events(() => world.signIn(client, somebody()))).toEqual([refused('unknown_person')]);
    expect(await events(() => world.signIn(client, undefined))).toEqual([refused('upstream_refused')]);
  });

  it('the person who is disabled', async () => {
    const client = await world.aTenant('disabling', { first_sign_in: 'create' });
    const person = somebody();
    await world.signIn(client, person);
    const { knex } = world.server.database;
    const disabled = { disabled_at: knex.fn.now() };
    const [{ id }] = await knex('people')
      .where({ instance_id: 'disabling' })
      .update(disabled)
      .returning('id');
    expect(await events(() => world.signIn(client, person))).toEqual([
      {
        ...{ ...BY_REQUEST, event: 'upstream.refused', client_id: client.client_id },
        ...{ instance_id: 'disabling', person_id: id, detail: { why: 'disabled' } },
      },
    ]);
  });
});
