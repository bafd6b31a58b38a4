import { randomUUID } from 'node:crypto';
import { type Browser, openBrowser } from '../../support/browsers/browser.ts';
import { eventsOf } from '../../support/databases/audit-trail.ts';
import { readMails } from '../../support/mail/mailbox.ts';
import { aPerson, type TestPerson } from '../../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

let server: TestServer;
let person: TestPerson;
beforeAll(async () => {
  server = await startTestServer({ env: { TRUSTED_PROXIES: '127.0.0.1,::1', FAILURES_PER_MINUTE: '20' } });
});
afterAll(() => server.close());
beforeEach(async () => {
  const { knex } = server.database;
  for (const table of ['deliveries', 'one_time_links', 'link_requests', 'guesses'])
    await knex(table).delete();
  person = await aPerson(server);
});

let visitors = 0;
/** A browser with its own address. */
function visitor(): Browser {
  visitors += 1;
  return openBrowser({ headers: { 'x-forwarded-for': `192.0.2.${visitors}` } });
}

async function ask(browser: Browser, email = person.email) {
  const page = await browser.get(`${server.url}/recovery/demo`);
  return browser.follow(await browser.submit(page, '/recovery/demo', { email }));
}
const newestMail = async () => (await readMails(server))[0];

it('leaves a trail in the instance where they asked, whether somebody has the address or not', async () => {
  const { knex } = server.database;
  const events = await eventsOf(knex, async () => {
    await ask(visitor());
    await ask(visitor(), `${randomUUID()}@demo.example`);
  });
  expect(
    events.map(({ event, person_id, instance_id, detail }) => ({ event, person_id, instance_id, detail })),
  ).toEqual([
    { event: 'password.reset_asked', person_id: person.id, instance_id: 'demo', detail: {} },
    { event: 'password.reset_asked', person_id: null, instance_id: 'demo', detail: {} },
  ]);
});

describe('somebody who asks for the mails of another person all the time', () => {
  it('keeps that person from no mail after they got another password', async () => {
    await ask(visitor());
    const { knex } = server.database;
    const { password_hash } = await knex('people').where({ email: 'ada@demo.example' }).first();
    await knex('people').where({ id: person.id }).update({ password_hash });
    const owner = visitor();
    await ask(owner);
    const form = await owner.get((await newestMail())?.link ?? '');
    const password = 'seven unlikely lanterns hum';
    expect((await owner.submit(form, '/password', { password, again: password })).status).toBe(303);
  });

  it('keeps nobody from a mail who got the address later', async () => {
    const email = `${randomUUID()}@demo.example`;
    await ask(visitor(), email);
    await server.database.knex('people').where({ id: person.id }).update({ email });
    const owner = visitor();
    await ask(owner, email);
    expect((await newestMail())?.to).toBe(email);
  });

  it('sends twenty wrong codes a minute from an address, however often that browser asks again', async () => {
    const stranger = visitor();
    const statuses = [];
    for (let round = 0; round < 8; round += 1) {
      const waiting = await ask(stranger);
      for (let n = 0; n < 3; n += 1)
        statuses.push((await stranger.submit(waiting, '/code', { code: 'BBBB-BBBB' })).status);
    }
    expect(statuses).toEqual([...Array(20).fill(401), ...Array(4).fill(429)]);
    const owner = visitor();
    const waiting = await ask(owner);
    expect((await owner.submit(waiting, '/code', { code: (await newestMail())?.code ?? '' })).status).toBe(
      303,
    );
  });
});
