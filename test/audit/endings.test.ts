import { openBrowser } from '../support/browsers/browser.ts';
import {
  ADA,
  authorizationUrl,
  DEMO_WEB,
  exchange,
  obtainCode,
  obtainTokens,
  postForm,
  refresh,
  signIn,
} from '../support/clients/relying-party.ts';
import { BY_REQUEST, by, eventsOf } from '../support/databases/audit-trail.ts';
import { aClient, aPerson, type TestPerson } from '../support/registrations/factories.ts';
import { runJob } from '../support/servers/run-job.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

const { client_id, client_secret } = DEMO_WEB;
const NOTHING_OF_CLIENT = { client_id: null, instance_id: 'demo' };
const OF_WEB = { client_id, instance_id: 'demo' };

let server: TestServer;
let ada: string;
/** The database role of the tests. */
let byRole: ReturnType<typeof by>;
beforeAll(async () => {
  server = await startTestServer();
  const { knex } = server.database;
  ada = (await knex('people').where({ email: ADA.email }).first('id')).id;
  const { rows } = await knex.raw('SELECT session_user AS name');
  byRole = by(`role ${rows[0].name}`);
});
afterAll(() => server.close());

const events = (work: () => Promise<unknown>) => eventsOf(server.database.knex, work);

async function signedIn(person: Pick<TestPerson, 'email' | 'password'> = ADA) {
  const browser = openBrowser();
  await signIn(server.url, { browser, person });
  const session = await server.database
    .knex('sessions')
    .orderBy('created_at', 'desc')
    .first('uid', 'person_id');
  return { browser, uid: session.uid as string };
}

describe('the audit trail tells who ended a session', () => {
  it('the person, by signing out', async () => {
    const { browser, uid } = await signedIn();
    const page = await browser.get(`${server.url}/auth/logout`);
    const told = await events(() => browser.submit(page, '/auth/logout/confirm', { decision: 'sign_out' }));
    const detail = { session: uid, grants: 1, cause: 'signed_out' };
    expect(told).toEqual([
      { ...NOTHING_OF_CLIENT, ...BY_REQUEST, event: 'session.ended', person_id: ada, detail },
    ]);
  });

  it('an application, with a hint and without the cookie', async () => {
    const { id_token } = await obtainTokens(server.url);
    const hint = new URLSearchParams({ id_token_hint: id_token });
    const told = await events(() => openBrowser().get(`${server.url}/auth/logout?${hint}`));
    const detail = {
      ...{ session: expect.any(String), grants: 1 },
      ...{ cause: 'signed_out_by_application', client: client_id },
    };
    expect(told).toEqual([
      { ...NOTHING_OF_CLIENT, ...BY_REQUEST, event: 'session.ended', person_id: ada, detail },
    ]);
  });

  it('an admin with SQL, who may say a way for the transaction', async () => {
    const { knex } = server.database;
    const first = await signedIn();
    const told = await events(() => knex('sessions').where({ uid: first.uid }).delete());
    const ended = { ...NOTHING_OF_CLIENT, event: 'session.ended', person_id: ada };
    expect(told).toEqual([{ ...ended, ...byRole, detail: { session: first.uid, grants: 1 } }]);

    const second = await signedIn();
    const named = await events(() =>
      knex.transaction(async (trx) => {
        await trx.raw("SET LOCAL listo.way = 'ticket 4711'");
        await trx('sessions').where({ uid: second.uid }).delete();
      }),
    );
    expect(named).toEqual([{ ...ended, ...by('ticket 4711'), detail: { session: second.uid, grants: 1 } }]);
    const third = await signedIn();
    expect(await events(() => knex('sessions').where({ uid: third.uid }).delete())).toMatchObject([byRole]);
  });

  it('a person who is disabled, enabled, gets a password, and is deleted', async () => {
    const { knex } = server.database;
    const person = await aPerson(server);
    const people = () => knex('people').where({ id: person.id });
    const about = { ...NOTHING_OF_CLIENT, ...byRole, person_id: person.id };
    const ended = (uid: string, cause: string) => ({
      ...{ ...about, event: 'session.ended', detail: { session: uid, grants: 1, cause } },
    });

    const first = await signedIn(person);
    expect(await events(() => people().update({ disabled_at: knex.fn.now() }))).toEqual(
      expect.arrayContaining([
        { ...about, event: 'person.disabled', detail: {} },
        ended(first.uid, 'person.disabled'),
      ]),
    );
    expect(await events(() => people().update({ disabled_at: null }))).toEqual([
      { ...about, event: 'person.enabled', detail: {} },
    ]);

    const second = await signedIn(person);
    const { password_hash } = await knex('people').where({ email: ADA.email }).first('password_hash');
    expect(await events(() => people().update({ password_hash }))).toEqual(
      expect.arrayContaining([
        { ...about, event: 'password.changed', detail: { had: true, has: true } },
        ended(second.uid, 'password.changed'),
      ]),
    );

    const { email } = person;
    const third = await signedIn({ email, password: ADA.password });
    expect(await events(() => people().delete())).toEqual([
      ended(third.uid, 'person.deleted'),
      { ...about, event: 'person.deleted', detail: {} },
    ]);
  });

  it('nobody, where sessions and grants expired', async () => {
    const { knex } = server.database;
    await signedIn();
    const past = { expires_at: knex.raw("now() - interval '2 days'") };
    await knex('sessions').update(past);
    await knex('grants').update(past);
    const told = await events(() => runJob(server, 'housekeeping'));
    expect(told).toEqual([]);
  });
});

describe('the audit trail tells who ended a grant', () => {
  const grantOf = async () =>
    (await server.database.knex('grants').orderBy('created_at', 'desc').first('id')).id;

  it('a client that revokes a refresh token, or an access token, once', async () => {
    const tokens = await obtainTokens(server.url);
    const grant = await grantOf();
    const revoke = (token = '') => postForm(`${server.url}/auth/revoke`, { token, client_id, client_secret });
    const twice = (token?: string) => events(async () => [await revoke(token), await revoke(token)]);
    const about = { ...OF_WEB, ...BY_REQUEST, person_id: ada, detail: { grant } };
    expect(await twice(tokens.access_token)).toEqual([{ ...about, event: 'access_token.revoked' }]);
    expect(await twice(tokens.refresh_token)).toEqual([{ ...about, event: 'grant.revoked' }]);
  });

  it('whoever presents a code again, and an old refresh token, of many at once', async () => {
    const code = await obtainCode(server.url);
    await exchange(server.url, code);
    const grant = await grantOf();
    const again = () => Promise.all(Array.from({ length: 5 }, () => exchange(server.url, code)));
    const about = { ...OF_WEB, ...BY_REQUEST, person_id: ada };
    expect(await events(again)).toEqual([
      { ...about, event: 'authorization_code.reused', detail: { grant } },
    ]);

    const { refresh_token: first = '' } = await obtainTokens(server.url);
    const family = await grantOf();
    const { body } = await refresh(server.url, first);
    await refresh(server.url, String(body.refresh_token));
    const reuse = () => Promise.all(Array.from({ length: 5 }, () => refresh(server.url, first)));
    expect(await events(reuse)).toEqual([
      { ...about, event: 'refresh_token.reused', detail: { grant: family, behind: 2 } },
    ]);
  });

  it('an admin with SQL', async () => {
    await obtainTokens(server.url);
    const grant = await grantOf();
    const told = await events(() => server.database.knex('grants').where({ id: grant }).delete());
    expect(told).toEqual([{ ...OF_WEB, ...byRole, event: 'grant.ended', person_id: ada, detail: { grant } }]);
  });
});

describe('the audit trail tells what a person allowed an application', () => {
  it('refused, allowed, and withdrawn with the grants', async () => {
    const { knex } = server.database;
    const client = await aClient(server, { require_consent: true });
    const { browser } = await signedIn();
    const decide = async (decision: string) => {
      const url = authorizationUrl(server.url, {
        ...client,
        client_secret: undefined,
        scope: 'openid email',
      });
      const page = await browser.follow(await browser.get(url), client.redirect_uri);
      await browser.follow(await browser.submit(page, '/consent', { decision }), client.redirect_uri);
    };
    const about = { client_id: client.client_id, instance_id: 'demo', person_id: ada };
    expect(await events(() => decide('deny'))).toEqual([
      { ...about, ...BY_REQUEST, event: 'consent.refused', detail: {} },
    ]);
    const scopes = ['email', 'openid'];
    expect(await events(() => decide('allow'))).toEqual([
      {
        ...{ ...about, ...BY_REQUEST, event: 'consent.given' },
        detail: { scopes: expect.arrayContaining(scopes), hosts: ['127.0.0.1'] },
      },
    ]);
    const withdrawn = () => knex('consents').where({ client_id: client.client_id }).delete();
    expect(await events(withdrawn)).toEqual([
      {
        ...{ ...about, ...byRole, event: 'consent.withdrawn' },
        detail: { scopes: expect.arrayContaining(scopes), grants: 1 },
      },
    ]);
  });
});
