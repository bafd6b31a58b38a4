import { openBrowser } from '../support/browsers/browser.ts';
import { DEMO_WEB, exchange, obtainCode, obtainTokens } from '../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

describe('the audit trail', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  /** The events since the last one with this id. */
  const eventsOf = async (work: () => Promise<unknown>) => {
    const { knex } = server.database;
    const last = Number((await knex('audit_events').max('id as id').first())?.id ?? 0);
    await work();
    return knex('audit_events').where('id', '>', last).orderBy('id');
  };

  it('tells of a sign-in once, in the statement that saves its session', async () => {
    const [event, ...others] = await eventsOf(() => obtainTokens(server.url, {}, openBrowser()));
    const { uid, person_id } = await server.database.knex('sessions').orderBy('created_at', 'desc').first();
    expect(others).toEqual([]);
    expect(event).toEqual({
      id: expect.any(String),
      at: expect.any(Date),
      event: 'sign_in.succeeded',
      person_id,
      client_id: DEMO_WEB.client_id,
      instance_id: 'demo',
      way: 'request',
      address: '127.0.0.1',
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      detail: { session: uid, methods: ['pwd'] },
    });
  });

  it('tells of a code that comes twice, and not of its first use', async () => {
    const code = await obtainCode(server.url, {}, openBrowser());
    expect(await eventsOf(() => exchange(server.url, code))).toEqual([]);
    const events = await eventsOf(() => exchange(server.url, code));
    expect(events).toMatchObject([
      {
        event: 'authorization_code.reused',
        client_id: DEMO_WEB.client_id,
        instance_id: 'demo',
        way: 'request',
      },
    ]);
  });
});
