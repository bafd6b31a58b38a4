import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { openBrowser } from '../../support/browsers/browser.ts';
import { listenForLogouts } from '../../support/clients/logout-listener.ts';
import { authorizationUrl, obtainCode, signIn } from '../../support/clients/relying-party.ts';
import {
  aClient,
  anInstance,
  aPerson,
  type TestClient,
  type TestPerson,
} from '../../support/registrations/factories.ts';
import { runJob } from '../../support/servers/run-job.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { until } from '../../support/time/until.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const ADDRESS = 'https://app.example/logout';

/** Tries the deliveries of a client, and returns their states. */
async function outcomesOf({ database: { knex }, services }: TestServer, { client_id }: TestClient) {
  await services.outbox.run(new AbortController().signal);
  const rows = () => knex('deliveries').where({ client_id }).orderBy('id');
  await until('every delivery was tried', async () =>
    (await rows()).every(({ state, last_error }) => state !== 'queued' || last_error !== null),
  );
  return (await rows()).map(({ state, last_error }) => ({ state, last_error }));
}

const endSessions = ({ database: { knex } }: TestServer, { id }: TestPerson) =>
  knex('sessions').where({ person_id: id }).delete();

describe('a client with a back channel', () => {
  let server: TestServer;
  const listener = listenForLogouts();
  beforeAll(async () => {
    server = await startTestServer({ overrides: { outboundFetch: listener.fetch } });
  });
  beforeEach(async () => {
    await server.database.knex('deliveries').delete();
    listener.heard.length = 0;
    listener.status = 200;
  });
  afterAll(() => server.close());

  const aListener = (columns: Parameters<typeof aClient>[1] = {}) =>
    aClient(server, { backchannel_logout_uri: ADDRESS, ...columns });
  const signedIn = async (client: TestClient, person: TestPerson, browser = openBrowser()) => {
    const { client_id, redirect_uri } = client;
    await signIn(server.url, { browser, person, parameters: { client_id, redirect_uri } });
    return browser;
  };
  const queued = () => server.database.knex('deliveries').orderBy('client_id').select('client_id', 'payload');
  const sessionOf = async ({ id }: TestPerson) =>
    (await server.database.knex('sessions').where({ person_id: id }).first('uid')).uid;

  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'] as const)(
    'gets a logout token, signed with %s',
    async (alg) => {
      const client = await aListener({ id_token_signed_response_alg: alg });
      // The first look notices the client, the second one its key.
      await runJob(server, 'watch-versions');
      await runJob(server, 'watch-versions');
      const person = await aPerson(server);
      const began = Math.floor(Date.now() / 1000);
      await signedIn(client, person);
      const sid = await sessionOf(person);
      await endSessions(server, person);
      expect(await outcomesOf(server, client)).toEqual([{ state: 'delivered', last_error: null }]);
      const [{ url, method, type, token } = {} as never] = listener.heard;
      expect({ url, method, type }).toEqual({
        url: ADDRESS,
        method: 'POST',
        type: 'application/x-www-form-urlencoded;charset=UTF-8',
      });
      const jwks = createRemoteJWKSet(new URL(`${server.url}/auth/jwks`));
      const { payload } = await jwtVerify(token, jwks, {
        ...{ algorithms: [alg], typ: 'logout+jwt', issuer: server.url, audience: client.client_id },
      });
      expect(Object.keys(decodeProtectedHeader(token)).toSorted()).toEqual(['alg', 'kid', 'typ']);
      const { iat = 0, exp, jti, ...claims } = payload;
      expect(claims).toEqual({
        ...{ iss: server.url, aud: client.client_id, sub: person.id, sid },
        events: { [EVENT]: {} },
      });
      expect(exp).toBe(iat + 120);
      expect(iat).toBeGreaterThanOrEqual(began);
      expect(jti).toMatch(/^[\w-]{22}$/);
    },
  );

  it('gets another token with each attempt', async () => {
    const client = await aListener();
    const person = await aPerson(server);
    await signedIn(client, person);
    await endSessions(server, person);
    listener.status = 503;
    expect(await outcomesOf(server, client)).toEqual([
      { state: 'queued', last_error: 'The client answered with status 503.' },
    ]);
    listener.status = 204;
    await server.database.knex('deliveries').update({ due_at: new Date() });
    await until('it is delivered', async () => {
      await server.services.outbox.run(new AbortController().signal);
      return (await server.database.knex('deliveries').first('state')).state === 'delivered';
    });
    const [first, second] = listener.heard.map(({ claims }) => claims);
    expect(second?.sid).toBe(first?.sid);
    expect(second?.jti).not.toBe(first?.jti);
  });

  it('hears nothing when it only asked, in vain, whether somebody is signed in', async () => {
    const [web, curious] = [await aListener(), await aListener({ require_consent: true })];
    const person = await aPerson(server);
    const browser = await signedIn(web, person);
    const { client_id, redirect_uri } = curious;
    const page = await browser.get(authorizationUrl(server.url, { client_id, redirect_uri, prompt: 'none' }));
    expect(new URL(page.location ?? '').searchParams.get('error')).toBe('consent_required');
    await endSessions(server, person);
    expect((await queued()).map(({ client_id }) => client_id)).toEqual([web.client_id]);
  });

  it('hears nothing when a session of an older release has it only as one that asked, until it gets a code', async () => {
    const [web, curious] = [await aListener(), await aListener()];
    const person = await aPerson(server);
    const browser = await signedIn(web, person);
    const { client_id, redirect_uri } = curious;
    const path = `{authorizations,${client_id}}`;
    const entry = { sid: 'its-own', grantId: 'some' };
    const { knex } = server.database;
    const note = () =>
      knex('sessions')
        .where({ person_id: person.id })
        .update({ payload: knex.raw('jsonb_set(payload, ?, ?)', [path, JSON.stringify(entry)]) });
    const rollBack = new Error('the session goes on');
    const toldNow = async () => {
      let told: unknown[] = [];
      const ended = knex.transaction(async (trx) => {
        await trx('sessions').where({ person_id: person.id }).delete();
        told = await trx('deliveries').orderBy('client_id').pluck('client_id');
        throw rollBack;
      });
      await expect(ended).rejects.toBe(rollBack);
      return told;
    };
    await note();
    expect(await toldNow()).toEqual([web.client_id]);
    await obtainCode(server.url, { client_id, redirect_uri, prompt: 'none' }, browser);
    expect(await toldNow()).toEqual([web.client_id, client_id].toSorted());
    await endSessions(server, person);
  });

  it('hears of the session also when it was the second to sign in, without a page', async () => {
    const [one, two] = [await aListener(), await aListener()];
    const person = await aPerson(server);
    const browser = await signedIn(one, person);
    const { client_id, redirect_uri } = two;
    await obtainCode(server.url, { client_id, redirect_uri, prompt: 'none' }, browser);
    const payload = { sub: person.id, sid: await sessionOf(person) };
    await endSessions(server, person);
    const ids = [one.client_id, two.client_id].toSorted();
    expect(await queued()).toEqual(ids.map((client_id) => ({ client_id, payload })));
  });

  it('hears of the session also when others asked at the same moment', async () => {
    const clients = await Promise.all(Array.from({ length: 6 }, () => aListener()));
    const [first, ...others] = clients as [TestClient, ...TestClient[]];
    const person = await aPerson(server);
    const browser = await signedIn(first, person);
    const asked = others.map(({ client_id, redirect_uri }) =>
      browser.get(authorizationUrl(server.url, { client_id, redirect_uri, prompt: 'none' })),
    );
    for (const { location } of await Promise.all(asked)) expect(location).toContain('code=');
    await endSessions(server, person);
    expect((await queued()).map(({ client_id }) => client_id)).toEqual(
      clients.map(({ client_id }) => client_id).toSorted(),
    );
  });

  it('hears nothing of what is rolled back, and of nothing that ended by time', async () => {
    const client = await aListener();
    const person = await aPerson(server);
    await signedIn(client, person);
    const { knex } = server.database;
    await expect(
      knex.transaction(async (trx) => {
        await trx('people').where({ id: person.id }).update({ disabled_at: new Date() });
        expect(await trx('deliveries')).toHaveLength(1);
        throw new Error('never mind');
      }),
    ).rejects.toThrow('never mind');
    expect(await queued()).toEqual([]);
    await knex('sessions')
      .where({ person_id: person.id })
      .update({ expires_at: new Date(0) });
    await endSessions(server, person);
    expect(await queued()).toEqual([]);
  });

  it('hears of all sessions that go on, when the table is emptied', async () => {
    const client = await aListener();
    const [one, two] = [await aPerson(server), await aPerson(server)];
    await signedIn(client, one);
    await signedIn(client, two);
    await server.database
      .knex('sessions')
      .where({ person_id: two.id })
      .update({ expires_at: new Date(0) });
    const sid = await sessionOf(one);
    await server.database.knex.raw('TRUNCATE sessions');
    expect(await queued()).toEqual([{ client_id: client.client_id, payload: { sub: one.id, sid } }]);
  });

  it.each([false, true])(
    'hears of a consent that is taken back, and then only itself (session required: %s)',
    async (required) => {
      const columns = { require_consent: true, backchannel_logout_session_required: required };
      const [asks, other] = [await aListener(columns), await aListener()];
      const person = await aPerson(server);
      const browser = await signedIn(other, person);
      await signedIn(asks, person, browser);
      const sid = await sessionOf(person);
      await server.database.knex('consents').where({ person_id: person.id }).delete();
      const payload = { sub: person.id, ...(required ? { sid } : {}) };
      expect(await queued()).toEqual([{ client_id: asks.client_id, payload }]);
      expect(await server.database.knex('sessions').where({ person_id: person.id })).toHaveLength(1);
      // The person is deleted with the consent: the sessions say it, once.
      await server.database.knex('deliveries').delete();
      await signedIn(asks, person, browser);
      await server.database.knex('people').where({ id: person.id }).delete();
      expect((await queued()).map(({ payload }) => payload)).toEqual(Array(2).fill({ sub: person.id, sid }));
    },
  );

  it('hears nothing while it is disabled, and what still waits when it is enabled again', async () => {
    const client = await aListener();
    const person = await aPerson(server);
    await signedIn(client, person);
    const set = async (disabled_at: Date | null) => {
      await server.database.knex('clients').where({ id: client.client_id }).update({ disabled_at });
      server.services.registration.clear();
    };
    await set(new Date());
    await endSessions(server, person);
    expect(await outcomesOf(server, client)).toEqual([
      { state: 'queued', last_error: 'The client is disabled, or not registered any more.' },
    ]);
    expect(listener.heard).toEqual([]);
    await set(null);
    await server.database.knex('deliveries').update({ due_at: new Date(), last_error: null });
    expect(await outcomesOf(server, client)).toEqual([{ state: 'delivered', last_error: null }]);
  });

  it('is not asked at an address that was taken back, and its deliveries go with it', async () => {
    const client = await aListener();
    const person = await aPerson(server);
    await signedIn(client, person);
    await endSessions(server, person);
    const { knex } = server.database;
    await knex('clients').where({ id: client.client_id }).update({ backchannel_logout_uri: null });
    server.services.registration.clear();
    await knex('deliveries').update({ due_at: new Date(), last_error: null, state: 'queued' });
    expect((await outcomesOf(server, client)).at(0)?.last_error).toBe(
      'The client has no backchannel_logout_uri.',
    );
    await knex('clients').where({ id: client.client_id }).delete();
    expect(await queued()).toEqual([]);
  });

  it.each(['sessions', 'people'])(
    'hears nothing of those who signed in to another one that had its id, in another instance (%s deleted)',
    async (table) => {
      const [client, other] = [await aListener(), await aListener()];
      const person = await aPerson(server);
      const browser = await signedIn(client, person);
      await signedIn(other, person, browser);
      const { knex } = server.database;
      await knex('clients').where({ id: client.client_id }).delete();
      await knex('clients').insert({
        ...{ id: client.client_id, instance_id: await anInstance(server), name: 'Of others', type: 'public' },
        ...{ redirect_uris: ['https://others.example/callback'], backchannel_logout_uri: ADDRESS },
      });
      await knex(table)
        .where(table === 'people' ? { id: person.id } : { person_id: person.id })
        .delete();
      expect((await queued()).map(({ client_id }) => client_id)).toEqual([other.client_id]);
    },
  );

  it('hears nothing when all clients are deleted at once', async () => {
    const client = await aListener({ require_consent: true });
    const person = await aPerson(server);
    await signedIn(client, person);
    const { knex } = server.database;
    await knex('deliveries').insert([
      { kind: 'backchannel_logout', client_id: client.client_id, payload: { sub: person.id } },
      { kind: 'mail', payload: {} },
    ]);
    const rollBack = new Error('the others stay');
    const emptied = knex.transaction(async (trx) => {
      await trx.raw('TRUNCATE clients CASCADE');
      expect(await trx('deliveries').pluck('kind')).toEqual(['mail']);
      throw rollBack;
    });
    await expect(emptied).rejects.toBe(rollBack);
    await endSessions(server, person);
  });

  it('is no obstacle to the end of a session whose row is odd', async () => {
    const payload = { authorizations: 'not an object', accountId: 'x' };
    const person = await aPerson(server);
    await server.database.knex('sessions').insert({
      ...{ uid: 'odd', id_hash: Buffer.alloc(32, 1), person_id: person.id, payload: JSON.stringify(payload) },
      expires_at: new Date(Date.now() + 60_000),
    });
    await endSessions(server, person);
    expect(await queued()).toEqual([]);
  });
});

/** Addresses that a registration may name, with the real guard in front of them. */
describe('an address of a back channel', () => {
  let server: TestServer;
  const listening: Server[] = [];
  let asked: string[] = [];
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(async () => {
    for (const one of listening) {
      one.closeAllConnections();
      one.close();
    }
    await server.close();
  });
  beforeEach(() => {
    asked = [];
  });

  const listen = async (answer: RequestListener) => {
    const one = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      answer(request, response);
    });
    listening.push(one);
    await new Promise<void>((done) => one.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(one.address() as AddressInfo).port}`;
  };
  const tell = async (backchannel_logout_uri: string) => {
    const client = await aClient(server, { backchannel_logout_uri });
    await server.database.knex('deliveries').insert({
      kind: 'backchannel_logout',
      client_id: client.client_id,
      payload: { sub: 'ada', sid: 'one' },
    });
    return outcomesOf(server, client);
  };
  const failed = (last_error: unknown) => [{ state: 'queued', last_error }];

  it('that answers gets one request', async () => {
    const origin = await listen((_request, response) => response.end());
    expect(await tell(`${origin}/logout?a=b`)).toEqual([{ state: 'delivered', last_error: null }]);
    expect(asked).toEqual(['POST /logout?a=b']);
  });

  it.each(['https://10.0.0.1/', 'https://169.254.169.254/latest', 'https://192.168.1.1:8443/'])(
    'that is internal is not asked: %s',
    async (uri) => {
      expect(await tell(uri)).toEqual(
        failed(`${new URL(uri).host} is not asked: its address is not public.`),
      );
    },
  );

  it('that redirects is not followed', async () => {
    const target = await listen((_request, response) => response.end());
    asked = [];
    const origin = await listen((_request, response) => response.writeHead(307, { location: target }).end());
    expect(await tell(origin)).toEqual(
      failed('The client answered with status 307, and a redirect is not followed.'),
    );
    expect(asked).toEqual(['POST /']);
  });

  it('that answers a gigabyte is cut off', async () => {
    let sent = 0;
    const origin = await listen((_request, response) => {
      const chunk = Buffer.alloc(65_536);
      const more = () => {
        while (sent < 2 ** 30 && !response.destroyed) {
          sent += chunk.length;
          if (!response.write(chunk)) {
            response.once('drain', more);
            return;
          }
        }
      };
      more();
    });
    expect(await tell(origin)).toEqual(failed('The answer is larger than 1048576 bytes.'));
    expect(sent).toBeLessThan(2 ** 28);
  });

  it('that breaks off, or where nothing listens, is tried again', async () => {
    const origin = await listen((request) => request.socket.destroy());
    const { host } = new URL(origin);
    expect(await tell(origin)).toEqual(failed(`${host} could not be asked.`));
  });

  it('that never answers fails after ten seconds, and others hear meanwhile', async () => {
    const silent = await listen(() => {});
    const quick = await listen((_request, response) => response.end());
    const [slow, fast] = [
      await aClient(server, { backchannel_logout_uri: silent }),
      await aClient(server, { backchannel_logout_uri: quick }),
    ];
    const row = ({ client_id }: TestClient) => ({
      kind: 'backchannel_logout',
      client_id,
      payload: { sub: 'ada' },
    });
    const { knex } = server.database;
    await knex('deliveries').insert([...Array(9).fill(row(slow)), row(fast)]);
    const running = server.services.outbox.run(new AbortController().signal);
    const stateOf = ({ client_id }: TestClient) =>
      knex('deliveries').where({ client_id }).orderBy('id').select('state', 'last_error');
    await until('the other one heard', async () => (await stateOf(fast))[0]?.state === 'delivered');
    await knex('deliveries').where({ client_id: slow.client_id }).andWhere({ attempts: 0 }).delete();
    await running;
    await until('the first attempts ended', async () =>
      (await stateOf(slow)).every(({ last_error }) => last_error !== null),
    );
    expect((await stateOf(slow))[0]?.last_error).toBe(
      `${new URL(silent).host} did not answer within ten seconds.`,
    );
  });

  it('is in no log line with its token', () => {
    const text = JSON.stringify(server.logLines());
    expect(text).toContain('a delivery failed');
    expect(text).not.toContain('logout_token');
    expect(text).not.toMatch(/eyJ/);
  });
});
