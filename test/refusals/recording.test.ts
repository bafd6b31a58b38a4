import { ISSUE_TOKEN } from '../../src/listnr/routes.ts';
import { explain } from '../../src/refusals/explain/explanation.ts';
import { REASONS } from '../../src/refusals/reasons.ts';
import { DEMO_WEB } from '../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../support/servers/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());
beforeEach(() => server.database.knex('refusals').delete());

/** Sends a request, and returns what is recorded of it. */
async function recordedOf(path: string, init: RequestInit & { id: string }) {
  const { id, headers, ...rest } = init;
  await fetch(`${server.url}${path}`, {
    redirect: 'manual',
    ...rest,
    headers: { ...headers, 'X-Request-Id': id },
  });
  await server.services.refusalRecorder.flush();
  return server.services.recordedRefusals.find(id);
}

const { client_id, client_secret } = DEMO_WEB;
const WEB = { client_id, client_secret };
const form = (fields: Record<string, string>) => ({ method: 'POST', body: new URLSearchParams(fields) });

describe('a refused request', () => {
  it('is recorded for a week, with its client and what that proved', async () => {
    const [row, ...others] = await recordedOf('/auth/token', {
      id: 'wrong-token',
      ...form({ ...WEB, grant_type: 'refresh_token', refresh_token: 'nonsense' }),
    });
    expect(others).toEqual([]);
    expect(row).toEqual({
      at: expect.any(Date),
      request_id: 'wrong-token',
      service: 'listo',
      endpoint: '/auth/token',
      status: 400,
      client_id: 'client_demo_web',
      client_is: 'authenticated',
      instance_id: 'demo',
      error: 'invalid_grant',
      reason: row?.reason,
      came: row?.came,
      expected: row?.expected,
    });
    const { rows } = await server.database.knex.raw(
      "SELECT lane, expires_at - at BETWEEN interval '7 days' AND interval '7 days 1 minute' AS week FROM refusals",
    );
    expect(rows).toEqual([{ lane: 'listo client_demo_web authenticated', week: true }]);
  });

  it.each([
    [
      'with the wrong secret',
      { client_id: 'client_demo_web', client_secret: 'another' },
      { client_id: 'client_demo_web', client_is: 'claimed', instance_id: 'demo' },
      'listo client_demo_web',
    ],
    [
      'in the name of nobody',
      { client_id: 'stranger', client_secret: 'x' },
      { client_id: 'stranger', client_is: 'claimed', instance_id: null },
      'listo ?',
    ],
    ['without any name', {}, { client_id: null, client_is: null, instance_id: null }, 'listo ?'],
  ])('%s is in a lane of its own', async (_what, credentials, whose, lane) => {
    const rows = await recordedOf('/auth/token', {
      id: 'not-proven',
      ...form({ ...credentials, grant_type: 'refresh_token', refresh_token: 'x' }),
    });
    expect(rows).toEqual([expect.objectContaining(whose)]);
    expect(await server.database.knex('refusals').pluck('lane')).toEqual([lane]);
  });

  it('at the authorization endpoint is recorded as the browser had it', async () => {
    const asked = new URLSearchParams({
      client_id: 'client_demo_web',
      redirect_uri: 'http://localhost:1/unknown',
      response_type: 'code',
      scope: 'openid',
    });
    const rows = await recordedOf(`/auth/authorize?${asked}`, { id: 'wrong-address' });
    expect(rows).toEqual([
      expect.objectContaining({
        endpoint: '/auth/authorize',
        status: 400,
        client_id: 'client_demo_web',
        client_is: 'registered',
        instance_id: 'demo',
      }),
    ]);
  });

  it('at LiSTNR is recorded with the client of LiSTNR', async () => {
    const rows = await recordedOf(ISSUE_TOKEN, {
      id: 'listnr',
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Basic ${btoa('nobody:x')}` },
      body: JSON.stringify({ client_id: 'nobody' }),
    });
    expect(rows).toEqual([expect.objectContaining({ service: 'listnr', client_id: 'nobody', status: 401 })]);
    expect(await server.database.knex('refusals').pluck('lane')).toEqual(['listnr ?']);
  });

  it('with a long name is one of the client that has it, and otherwise only its beginning is kept', async () => {
    const id = 'client-550e8400-e29b-41d4-a716-446655440000';
    await server.database.knex.raw(
      `INSERT INTO clients (id, instance_id, name, type, redirect_uris)
       VALUES (?, 'demo', 'Long', 'public', '{https://app.example/callback}')`,
      [id],
    );
    const limited = (client_id: string) =>
      recordedOf('/auth/token', {
        id: client_id.slice(-5),
        method: 'POST',
        body: new URLSearchParams([
          ['client_id', client_id],
          ['grant_type', 'refresh_token'],
          ['grant_type', 'refresh_token'],
        ]),
      });
    expect(await limited(id)).toEqual([expect.objectContaining({ client_id: id, instance_id: 'demo' })]);
    expect(await limited(`${id}-secret`)).toEqual([
      expect.objectContaining({ client_id: 'client-5...', client_is: 'claimed', instance_id: null }),
    ]);
  });

  it('is found by its own client alone', async () => {
    await recordedOf('/auth/token', {
      id: 'own',
      ...form({ ...WEB, grant_type: 'refresh_token', refresh_token: 'x' }),
    });
    const { find } = server.services.recordedRefusals;
    expect(await find('own', { service: 'listo', clientId: 'client_demo_web' })).toHaveLength(1);
    expect(await find('own', { service: 'listo', clientId: 'client_demo_spa' })).toEqual([]);
    expect(await find('own', { service: 'listnr', clientId: 'client_demo_web' })).toEqual([]);
  });

  it('that a client proved is found before any with its id in the name of the client', async () => {
    const fields = { grant_type: 'refresh_token', refresh_token: 'x' };
    await recordedOf('/auth/token', { id: 'seen', ...form({ ...WEB, ...fields }) });
    const rows = await recordedOf('/auth/token', {
      id: 'seen',
      ...form({ ...WEB, client_secret: 'wrong', ...fields }),
    });
    expect(rows.map((row) => row.client_is)).toEqual(['authenticated', 'claimed']);
    const reader = { service: 'listo', clientId: client_id } as const;
    expect(await server.services.recordedRefusals.find('seen', reader)).toEqual(rows.slice(0, 1));
  });

  it.each([
    ['a NUL', '%00', '?'],
    ['what turns the direction of text', '%E2%80%AE', '?'],
    ['an e-mail address', 'ada%40acme.example', '?@?'],
    ['more letters than any has', 'x'.repeat(5000), 'x'.repeat(100)],
  ])('whose address names an instance with %s takes no other one with it', async (_what, id, kept) => {
    const refused = form({ ...WEB, grant_type: 'refresh_token', refresh_token: 'x' });
    await fetch(`${server.url}/auth/token`, { ...refused, headers: { 'X-Request-Id': 'beside' } });
    const rows = await recordedOf(`/auth/upstream/callback/${id}`, { id: 'odd' });
    expect(rows).toEqual([expect.objectContaining({ instance_id: kept })]);
    expect(await server.services.recordedRefusals.find('beside')).toHaveLength(1);
  });

  it.each([
    ['that succeeds', '/.well-known/openid-configuration', {}],
    ['to a file', '/assets/unknown', {}],
    ['to no address', '/auth/nothing', {}],
    ['that asks for an explanation', '/auth/explain', form({ request_id: 'x' })],
  ])('%s is not recorded', async (_what, path, init) => {
    expect(await recordedOf(path, { id: 'nothing', ...init })).toEqual([]);
  });
});

describe('an explanation', () => {
  const ROW = {
    request_id: 'r',
    at: new Date('2026-11-27T17:00:00Z'),
    endpoint: '/auth/token',
    status: 400,
    error: 'invalid_grant',
    reason: 'code.expired',
    came: { redirect_uri: 'http://localhost:3000/calback' },
    expected: { redirect_uri: ['http://localhost:3001/other', 'http://localhost:3000/callback'] },
  };

  it('has the sentence and the remedy of the reason, and the registered value that is nearest', () => {
    expect(explain(ROW, { reader: 'client' })).toEqual({
      ...ROW,
      at: '2026-11-27T17:00:00.000Z',
      ...REASONS['code.expired'],
      nearest: { redirect_uri: { value: 'http://localhost:3000/callback', differs: ['path'] } },
    });
  });

  it('has the nearest one of a list of names, too', () => {
    const came = { parameter: ['grant_type', 'refreshtoken'] };
    const row = { ...ROW, reason: 'parameter.missing', came, expected: { parameter: ['refresh_token'] } };
    expect(explain(row, { reader: 'client' }).nearest).toEqual({
      parameter: { value: 'refresh_token', differs: [] },
    });
  });

  it('says the error where no reason is known, and names a reason of a newer release', () => {
    const { sentence } = explain({ ...ROW, reason: null }, { reader: 'client' });
    expect(sentence).toBe('The request was refused with the error invalid_grant.');
    expect(explain({ ...ROW, reason: 'moon.full' }, { reader: 'operator' })).toEqual(
      expect.objectContaining({
        reason: 'moon.full',
        sentence: 'A newer release of this server refused the request for the reason moon.full.',
      }),
    );
  });
});
