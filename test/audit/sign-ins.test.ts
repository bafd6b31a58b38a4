import { openBrowser } from '../support/browsers/browser.ts';
import {
  ADA,
  authorizationUrl,
  DEMO_WEB,
  exchange,
  obtainCode,
  refresh,
  signIn,
  userinfo,
} from '../support/clients/relying-party.ts';
import { BY_REQUEST, eventsOf } from '../support/databases/audit-trail.ts';
import { aPerson } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const AT_DEMO = { client_id: DEMO_WEB.client_id, instance_id: 'demo', ...BY_REQUEST };
const DIGEST = expect.stringMatching(/^[\w-]{16}$/);

let server: TestServer;
let ada: string;
beforeAll(async () => {
  server = await startTestServer({ env: { FAILURES_PER_MINUTE: '20', TRUSTED_PROXIES: '127.0.0.1,::1' } });
  ada = (await server.database.knex('people').where({ email: ADA.email }).first('id')).id;
});
afterAll(() => server.close());

const events = (work: () => Promise<unknown>) => eventsOf(server.database.knex, work);

/** Types an address and a password into the form, from an address of the network. */
async function type(person: { email: string; password: string }, from = '127.0.0.1') {
  const browser = openBrowser({ headers: { 'x-forwarded-for': from } });
  const page = await browser.follow(await browser.get(authorizationUrl(server.url)));
  return browser.submit(page, '/sign-in', { ...person });
}

describe('of a sign-in the audit trail tells', () => {
  it('once, with its session, and nothing of the requests after it that succeed', async () => {
    const browser = openBrowser();
    const told = await events(() => signIn(server.url, { browser }));
    const { uid } = await server.database.knex('sessions').orderBy('created_at', 'desc').first();
    expect(told).toEqual([
      { ...AT_DEMO, event: 'sign_in.succeeded', person_id: ada, detail: { session: uid, methods: ['pwd'] } },
    ]);
    const hot = async () => {
      const { body } = await exchange(server.url, await obtainCode(server.url, {}, browser));
      await refresh(server.url, String(body.refresh_token));
      await userinfo(server.url, String(body.access_token));
    };
    expect(await events(hot)).toEqual([]);
  });

  it('in the same browser, too, under the same session', async () => {
    const browser = openBrowser();
    await signIn(server.url, { browser });
    const told = await events(() => signIn(server.url, { browser, parameters: { prompt: 'login' } }));
    expect(told).toEqual([
      expect.objectContaining({ ...AT_DEMO, event: 'sign_in.succeeded', person_id: ada }),
    ]);
  });

  it('as somebody else, that the session of the first person ended', async () => {
    const browser = openBrowser();
    await signIn(server.url, { browser });
    const other = await aPerson(server);
    const told = await events(() =>
      signIn(server.url, { browser, person: other, parameters: { prompt: 'login' } }),
    );
    expect(told).toEqual([
      {
        ...{ ...AT_DEMO, client_id: null, event: 'session.ended', person_id: ada },
        detail: { session: expect.any(String), grants: 1, cause: 'another_person_signed_in' },
      },
      {
        ...{ ...AT_DEMO, event: 'sign_in.succeeded', person_id: other.id },
        detail: { session: expect.any(String), methods: ['pwd'] },
      },
    ]);
  });
});

describe('of a refused sign-in the audit trail tells', () => {
  it('the person whose password was wrong', async () => {
    const told = await events(() => type({ email: ADA.email, password: 'wrong' }));
    const detail = { why: 'the password is wrong', account: DIGEST };
    expect(told).toEqual([{ ...AT_DEMO, event: 'sign_in.refused', person_id: ada, detail }]);
  });

  it('a person who is disabled', async () => {
    const person = await aPerson(server);
    await server.database.knex('people').where({ id: person.id }).update({ disabled_at: new Date() });
    const told = await events(() => type(person));
    const detail = { why: 'the person is disabled', account: DIGEST };
    expect(told).toEqual([{ ...AT_DEMO, event: 'sign_in.refused', person_id: person.id, detail }]);
  });

  it('nobody, where nobody has the address: a keyed digest shows that it is the same one', async () => {
    const unknown = { email: 'nobody@nowhere.example', password: 'wrong' };
    const told = await events(async () => {
      await type(unknown);
      await type({ ...unknown, email: 'NOBODY@nowhere.example' });
      await type({ ...unknown, email: 'somebody@nowhere.example' });
    });
    const detail = { why: 'no person has this address', account: DIGEST };
    const event = { ...AT_DEMO, event: 'sign_in.refused', person_id: null, detail };
    expect(told).toEqual([event, event, event]);
    const [first, second, third] = told.map(({ detail }) => detail.account);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
    expect(JSON.stringify(told)).not.toContain('nowhere');
  });

  it('that an account is locked, and no more than 20 guesses at it', async () => {
    const person = await aPerson(server);
    const told = await events(async () => {
      for (let n = 0; n < 23; n += 1)
        await type({ email: person.email, password: 'wrong' }, `198.51.100.${n + 1}`);
    });
    const refused = told.filter(({ event }) => event === 'sign_in.refused');
    const locked = told.filter(({ event }) => event === 'sign_in.locked');
    expect(refused.map(({ person_id }) => person_id)).toEqual(Array(20).fill(person.id));
    expect(locked).toEqual([
      {
        ...{ ...AT_DEMO, address: '198.51.100.21', event: 'sign_in.locked', person_id: null },
        detail: { of: 'account', account: refused[0]?.detail.account },
      },
    ]);
  });
});
