import { aPerson, openRegistration, type Registration } from '../support/registrations/registration.ts';
import { until } from '../support/time/until.ts';

let registration: Registration;
beforeAll(async () => {
  registration = await openRegistration();
});
afterAll(() => registration.close());

describe('two transactions that register the same address', () => {
  it('wait for each other, and the second is refused', async () => {
    const { knex } = registration.database;
    const first = await knex.transaction();
    const second = await knex.transaction();
    await first.raw(aPerson({ id: "'first'", email: "'new@home.example'" }));
    const outcome = second.raw(aPerson({ id: "'second'", email: "'NEW@home.example'" })).then(
      () => 'accepted',
      (error: Error) => error.message.split(' - ').at(-1),
    );
    await until('the second waits', async () => {
      const { rows } = await knex.raw(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      return rows.length === 1;
    });
    await first.commit();
    expect(await outcome).toBe(
      'person "second": the person "first" of the instance "home" has this e-mail address',
    );
    await second.rollback();
    expect(await knex('people').orderBy('id').pluck('id')).toEqual(['ada', 'first']);
  });
});
