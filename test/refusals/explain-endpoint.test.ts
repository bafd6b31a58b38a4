import { randomUUID } from 'node:crypto';
import { type Answer, brief, postForm, postJson, refused } from '../support/clients/relying-party.ts';
import {
  askToken,
  basic,
  bearerClientSql,
  DEMO_BASIC,
  DEMO_SERVICE,
  mintIdToken,
  secretClientSql,
} from '../support/clients/token-provider.ts';
import { aClient, type TestClient } from '../support/registrations/factories.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';
import { until } from '../support/time/until.ts';

const LISTO = '/auth/explain';
const LISTNR = '/v1/listnr-token-provider/explain';
const NOT_FOUND = {
  status: 404,
  body: {
    error: 'not_found',
    error_description:
      'No refusal of this client with this request_id is recorded. One can be read a second after its answer, for a week.',
  },
};

let server: TestServer;
let client: TestClient;
let other: TestClient;
beforeAll(async () => {
  server = await startTestServer();
  client = await aClient(server);
  other = await aClient(server);
  await server.seed(secretClientSql('neighbour', { environments: "'{dev}'" }));
});
afterAll(() => server.close());

const secretOf = ({ client_id, client_secret }: TestClient) => ({ client_id, client_secret });
const idOf = ({ headers }: Answer) => String(headers.get('x-request-id'));
const ask = (requestId: string, as = client, headers: Record<string, string> = {}) =>
  postForm(server.url + LISTO, { request_id: requestId, ...secretOf(as) }, headers);
const askListnr = (requestId: string, authorization = DEMO_BASIC) =>
  postForm(server.url + LISTNR, { request_id: requestId }, { authorization });

/** A refusal of the client at the token endpoint, once it is recorded. */
async function aRefusal(headers: Record<string, string> = {}): Promise<string> {
  const fields = { grant_type: 'authorization_code', code: 'x', redirect_uri: client.redirect_uri };
  const answer = await postForm(`${server.url}/auth/token`, { ...fields, ...secretOf(client) }, headers);
  return recorded(idOf(answer));
}

async function aListnrRefusal(): Promise<string> {
  return recorded(
    idOf(await askToken(server, DEMO_BASIC, { client_id: DEMO_SERVICE.id, scope: 'read:profil' })),
  );
}

async function recorded(requestId: string): Promise<string> {
  await until(`${requestId} is recorded`, async () => {
    await server.services.refusalRecorder.flush();
    return (await server.services.recordedRefusals.find(requestId)).length > 0;
  });
  return requestId;
}

/** Everything in an answer that its client sees, but its own id and date. */
function everything({ status, headers, body }: Answer) {
  const { 'x-request-id': _id, date: _date, ...others } = Object.fromEntries(headers);
  return { status, body, headers: others };
}

describe('a client asks why it was refused', () => {
  it('and is told at /auth/explain, by a form or JSON, and with Basic credentials', async () => {
    const id = await aRefusal();
    const answer = await ask(id);
    expect(brief(answer)).toEqual({
      status: 200,
      body: {
        request_id: id,
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        endpoint: '/auth/token',
        status: 400,
        error: 'invalid_grant',
        reason: (answer.body as { reason: unknown }).reason,
        sentence: expect.any(String),
        remedy: expect.any(String),
        came: {},
        expected: {},
        nearest: {},
      },
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const inJson = await postJson(server.url + LISTO, { request_id: id, ...secretOf(client) });
    const { client_id, client_secret } = client;
    const withBasic = await postForm(
      server.url + LISTO,
      { request_id: id },
      { authorization: basic(client_id, client_secret) },
    );
    for (const same of [inJson, withBasic]) expect(brief(same)).toEqual(brief(answer));
  });

  it('and is told at LiSTNR, with the registered value that is the nearest', async () => {
    const id = await aListnrRefusal();
    const answer = await askListnr(id);
    expect(brief(answer)).toEqual({
      status: 200,
      body: {
        request_id: id,
        at: expect.any(String),
        endpoint: '/v1/listnr-token-provider/issue-token',
        status: 400,
        error: 'invalid_scope',
        reason: 'listnr.scope_not_allowed',
        sentence: 'The client is not registered for a scope that it asks for.',
        remedy:
          'Ask only for scopes that are expected, or for none, or have the scope added to the registration.',
        came: { scope: 'read:profil' },
        expected: { scope: ['read:profile', 'write:preferences'] },
        nearest: { scope: expect.objectContaining({ value: 'read:profile' }) },
      },
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const inJson = await postJson(server.url + LISTNR, { request_id: id }, { authorization: DEMO_BASIC });
    expect(brief(inJson)).toEqual(brief(answer));
  });

  it('and reads the newest one, where several requests had one id', async () => {
    const id = `mine-${randomUUID()}`;
    await aRefusal({ 'x-request-id': id });
    const fields = { grant_type: 'nonsense', ...secretOf(client) };
    await postForm(`${server.url}/auth/token`, fields, { 'x-request-id': id });
    await until('the second one is recorded', async () => {
      await server.services.refusalRecorder.flush();
      return (await ask(id)).body.error === 'unsupported_grant_type';
    });
  });
});

describe('nobody else is told anything', () => {
  it('an id that nobody has, one of another client, one of the other service and one that is too old are one answer', async () => {
    const unknown = everything(await ask(randomUUID(), other));
    expect(unknown).toMatchObject(NOT_FOUND);
    const id = await aRefusal();
    const old = await aRefusal();
    await server.database
      .knex('refusals')
      .where({ request_id: old })
      .update({ expires_at: new Date(0) });
    expect(everything(await ask(id, other))).toEqual(unknown);
    expect(everything(await ask(await aListnrRefusal(), other))).toEqual(unknown);
    expect(everything(await ask(old))).toEqual(unknown);
    expect(everything(await ask('', other)).status).toBe(400);
    expect(everything(await ask("' OR true --", other))).toEqual(unknown);
    expect(everything(await ask('x'.repeat(10_000), other))).toEqual(unknown);
  });

  it('nor at LiSTNR, where a client of the same name is another client', async () => {
    const unknown = everything(await askListnr(randomUUID()));
    expect(unknown).toMatchObject(NOT_FOUND);
    const id = await aListnrRefusal();
    const neighbour = basic('neighbour', DEMO_SERVICE.secret);
    expect(everything(await askListnr(id, neighbour))).toEqual(unknown);
    const twin = await aClient(server, { id: DEMO_SERVICE.id });
    expect(everything(await ask(id, twin))).toEqual(everything(await ask(randomUUID(), twin)));
  });

  it('and each answer costs the same statements', async () => {
    const id = await aRefusal();
    const statementsOf = async (act: () => Promise<unknown>) => {
      const sent: string[] = [];
      const listen = ({ sql }: { sql: string }) => {
        if (sql.includes('request_id =')) sent.push(sql);
      };
      server.database.knex.on('query', listen);
      await act();
      server.database.knex.removeListener('query', listen);
      return sent;
    };
    const foreign = await statementsOf(() => ask(id, other));
    expect(foreign).toHaveLength(1);
    expect(await statementsOf(() => ask(randomUUID(), other))).toEqual(foreign);
    expect(await statementsOf(() => ask(id))).toEqual(foreign);
  });
});

describe('only a client that proves who it is may ask', () => {
  it('one with a wrong secret, and one that nobody knows, are refused as everywhere', async () => {
    const id = await aRefusal();
    const wrong = refused('invalid_client', 'client authentication failed', 401);
    expect(brief(await ask(id, { ...client, client_secret: 'wrong' }))).toEqual(wrong);
    expect(brief(await ask(id, { ...client, client_id: 'nobody' }))).toEqual(wrong);
    expect((await postForm(server.url + LISTO, { request_id: id })).status).toBe(400);
    expect(brief(await askListnr(id, basic(DEMO_SERVICE.id, 'wrong')))).toEqual(
      refused('invalid_client', 'The client is unknown or its secret is wrong.', 401),
    );
    expect(brief(await askListnr(id, `Bearer ${await mintIdToken(server)}`))).toEqual(
      refused('invalid_client', "Authenticate with the client's secret (Authorization: Basic).", 401),
    );
  });

  it('one that has no secret is sent to the operator', async () => {
    const { client_id } = await aClient(server, { type: 'public' });
    const answer = await postForm(server.url + LISTO, { request_id: 'x', client_id });
    expect(brief(answer)).toEqual(
      refused(
        'unauthorized_client',
        'A public client cannot prove that a refusal is its own: ask the operator, who reads it with listo explain and the request_id',
      ),
    );
    await server.seed(bearerClientSql('no-secret'));
    expect(brief(await askListnr('x', basic('no-secret', 'x')))).toEqual(
      refused(
        'unauthorized_client',
        'A client that asks with ID tokens cannot prove that a refusal is its own: ask the operator, who reads it with listo explain and the request_id.',
        403,
      ),
    );
  });

  it('one of LiSTNR that is disabled may still ask why', async () => {
    await server.seed(secretClientSql('disabled', { environments: "'{dev}'", disabled_at: 'now()' }));
    const authorization = basic('disabled', DEMO_SERVICE.secret);
    const id = await recorded(idOf(await askToken(server, authorization, { client_id: 'disabled' })));
    expect((await askListnr(id, authorization)).body).toMatchObject({ reason: 'listnr.client_disabled' });
  });

  it('and has to say which refusal it means, once', async () => {
    const twice = `request_id=a&request_id=b&${new URLSearchParams(secretOf(client))}`;
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await fetch(server.url + LISTO, { method: 'POST', headers, body: twice });
    expect(await answer.json()).toMatchObject({ error: 'invalid_request' });
    expect(brief(await postJson(server.url + LISTNR, {}, { authorization: DEMO_BASIC }))).toEqual(
      refused('invalid_request', 'request_id is required, once.'),
    );
  });
});

describe('as an endpoint', () => {
  it('it lets pages of the client’s origins read the answer, and no others', async () => {
    const id = await aRefusal();
    const { origin } = new URL(client.redirect_uri);
    const own = await ask(id, client, { origin });
    expect(own.headers.get('access-control-allow-origin')).toBe(origin);
    const foreign = await ask(id, client, { origin: 'https://evil.example' });
    expect(foreign.status).toBe(400);
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
    const preflight = await fetch(server.url + LISTO, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-methods')).toBe('POST');
  });

  it('it answers JSON alone, by POST alone', async () => {
    for (const path of [LISTO, LISTNR]) {
      const answer = await fetch(server.url + path, { method: 'PUT' });
      expect(answer.status).toBe(405);
      const refusal = await fetch(server.url + path, { method: 'POST', headers: { accept: 'text/html' } });
      expect(refusal.headers.get('content-type')).toBe('application/json; charset=utf-8');
    }
  });

  it('it limits those who fail to authenticate', async () => {
    const limited = await startTestServer({ env: { FAILURES_PER_MINUTE: '2' } });
    try {
      const fields = { request_id: 'x', client_id: 'client_demo_web', client_secret: 'wrong' };
      const statuses = [];
      for (let n = 0; n < 3; n += 1) statuses.push((await postForm(limited.url + LISTO, fields)).status);
      for (let n = 0; n < 3; n += 1)
        statuses.push(
          (await postForm(limited.url + LISTNR, {}, { authorization: basic(DEMO_SERVICE.id, 'wrong') }))
            .status,
        );
      expect(statuses).toEqual([401, 401, 429, 401, 401, 429]);
    } finally {
      await limited.close();
    }
  });
});
