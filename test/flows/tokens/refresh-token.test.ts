import { createRefreshTokenCodec } from '../../../src/tokens/refresh-token-value.ts';
import {
  DEMO_SPA,
  DEMO_WEB,
  exchangeAsSpa,
  obtainTokens,
  postForm,
  refresh,
  type Tokens,
  userinfo,
} from '../../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';
import { withStillTime } from '../../support/time/still-time.ts';

const ALREADY_USED = {
  error: 'invalid_grant',
  error_description: 'Refresh token already used: its sign-in was ended',
};
const NOT_VALID = { error: 'invalid_grant', error_description: 'Refresh token is not valid' };
const ENDED = {
  error: 'invalid_grant',
  error_description: 'Refresh token is not valid: its sign-in was ended',
};
const BASIC = { authorization: `Basic ${btoa(`${DEMO_WEB.client_id}:${DEMO_WEB.client_secret}`)}` };

describe('a refresh token', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.close());

  const signIn = async () => (await obtainTokens(server.url)) as Tokens & { refresh_token: string };
  const refreshed = async (token: string) => {
    const { status, body } = await refresh(server.url, token);
    expect(status).toBe(200);
    return body as unknown as Tokens & { refresh_token: string };
  };
  const families = () =>
    server.database
      .knex('refresh_families')
      .count({ n: '*' })
      .first()
      .then((row) => Number(row?.n));
  const audits = () =>
    server
      .logLines()
      .filter(({ audit }) => audit !== undefined)
      .map(({ audit, level }) => `${level} ${audit}`);
  const setRotatedAgo = (token: string, seconds: number) =>
    server.database
      .knex('refresh_families')
      .where({ family: Buffer.from(token.split('.')[0] ?? '', 'base64url') })
      .update({ rotated_at: server.database.knex.raw('now() - make_interval(secs => ?)', [seconds]) });

  it('counts up, on one row however often it is refreshed', async () => {
    const { refresh_token } = await signIn();
    const before = await families();
    let token = refresh_token;
    for (let n = 1; n <= 5; n += 1) {
      const [family, sequence] = token.split('.');
      token = (await refreshed(token)).refresh_token;
      expect(token.split('.').slice(0, 2)).toEqual([family, String(Number(sequence) + 1)]);
    }
    expect(await families()).toBe(before);
  });

  it('sent again inside the replay window, gets the same successor, and nobody is signed out', async () => {
    const { refresh_token } = await signIn();
    const first = await refreshed(refresh_token);
    const again = await refreshed(refresh_token);
    expect(again.refresh_token).toBe(first.refresh_token);
    expect((await userinfo(server.url, first.access_token)).status).toBe(200);
    expect((await userinfo(server.url, again.access_token)).status).toBe(200);
    await refreshed(first.refresh_token);
    expect(audits()).toContain('info refresh_token.replayed');
  });

  it('sent by twenty at once, gives all of them the same successor', async () => {
    const { refresh_token } = await signIn();
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(server.url, refresh_token)));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
  });

  it('two behind is reuse: the grant and every token of it end', async () => {
    const { refresh_token } = await signIn();
    const second = await refreshed(refresh_token);
    const third = await refreshed(second.refresh_token);
    expect(await refresh(server.url, refresh_token)).toMatchObject({ status: 400, body: ALREADY_USED });
    expect((await userinfo(server.url, third.access_token)).status).toBe(401);
    expect(await refresh(server.url, third.refresh_token)).toMatchObject({ status: 400, body: ENDED });
    expect(audits()).toContain('warn refresh_token.reused');
  });

  const ofWeb = async () => (await signIn()).refresh_token;
  const ofSpa = async () => String((await exchangeAsSpa(server.url)).body.refresh_token);
  const refreshedBySpa = (refresh_token: string) =>
    postForm(`${server.url}/auth/token`, {
      grant_type: 'refresh_token',
      refresh_token,
      client_id: DEMO_SPA.client_id,
    });

  it.each([
    ['120 seconds of a client that authenticates', ofWeb, (token: string) => refresh(server.url, token), 120],
    ['60 seconds of a public client', ofSpa, refreshedBySpa, 60],
  ])('one behind is replayed for %s, and is reuse after them', async (_who, obtain, ask, seconds) => {
    for (const [ago, status] of [
      [seconds - 5, 200],
      [seconds + 1, 400],
    ] as const) {
      const token = await obtain();
      const successor = (await ask(token)).body;
      await setRotatedAgo(token, ago);
      const again = await ask(token);
      expect(again.status).toBe(status);
      if (status === 200) expect(again.body.refresh_token).toBe(successor.refresh_token);
      else expect(again.body).toEqual(ALREADY_USED);
      expect((await userinfo(server.url, String(successor.access_token))).status).toBe(
        status === 200 ? 200 : 401,
      );
    }
  });

  it('has the window that its client registered, also one that is shorter than the default', async () => {
    const window = (seconds: number | null) =>
      server.seed(
        `UPDATE clients SET refresh_replay_window_seconds = ${seconds} WHERE id = '${DEMO_WEB.client_id}'`,
      );
    await window(30);
    server.services.registration.clear();
    const token = await ofWeb();
    await refreshed(token);
    await setRotatedAgo(token, 31);
    expect(await refresh(server.url, token)).toMatchObject({ status: 400, body: ALREADY_USED });
    await window(null);
    server.services.registration.clear();
  });

  it('replayed, does not prolong the window', async () => {
    const { refresh_token } = await signIn();
    await refreshed(refresh_token);
    await setRotatedAgo(refresh_token, 115);
    await refreshed(refresh_token);
    await setRotatedAgo(refresh_token, 121);
    expect(await refresh(server.url, refresh_token)).toMatchObject({ status: 400, body: ALREADY_USED });
  });

  it('ahead of its row, because a commit was lost, is honoured, and the row catches up', async () => {
    const { refresh_token } = await signIn();
    const third = await refreshed((await refreshed(refresh_token)).refresh_token);
    const family = Buffer.from(refresh_token.split('.')[0] ?? '', 'base64url');
    await server.database.knex('refresh_families').where({ family }).update({ sequence: 0 });
    const fourth = await refreshed(third.refresh_token);
    expect(fourth.refresh_token.split('.')[1]).toBe('3');
    expect(audits()).toContain('warn refresh_token.ahead');
  });

  it('of an exchange whose commit was lost is not valid, and the access token beside it goes on', async () => {
    const { refresh_token, access_token } = await signIn();
    const family = Buffer.from(refresh_token.split('.')[0] ?? '', 'base64url');
    const before = audits();
    await server.database.knex('refresh_families').where({ family }).delete();
    expect(await refresh(server.url, refresh_token)).toMatchObject({ status: 400, body: ENDED });
    expect((await userinfo(server.url, access_token)).status).toBe(200);
    expect(audits()).toEqual(before);
  });

  it('lives thirty days from the last refresh, and a year from signing in at most', async () => {
    const { refresh_token } = await signIn();
    const family = Buffer.from(refresh_token.split('.')[0] ?? '', 'base64url');
    const row = await server.database
      .knex('refresh_families')
      .where({ family })
      .first('expires_at', 'grant_id');
    const grant = await server.database.knex('grants').where({ id: row.grant_id }).first('expires_at');
    expect(Math.round((row.expires_at - Date.now()) / 86_400_000)).toBe(30);
    expect(Math.round((grant.expires_at - Date.now()) / 86_400_000)).toBe(365);

    const soon = new Date(Date.now() + 60_000);
    await server.database.knex('grants').where({ id: row.grant_id }).update({ expires_at: soon });
    await refreshed(refresh_token);
    expect(
      (await server.database.knex('refresh_families').where({ family }).first('expires_at')).expires_at,
    ).toEqual(soon);
  });

  it('is refused once it has expired', async () => {
    const { refresh_token } = await signIn();
    await withStillTime(async (time) => {
      time.forward(31 * 86_400);
      expect(await refresh(server.url, refresh_token)).toMatchObject({
        status: 400,
        body: { error: 'invalid_grant', error_description: 'Refresh token expired' },
      });
    });
  });

  it('that nobody issued, or to another client, is refused without asking the database', async () => {
    const { refresh_token } = await signIn();
    const [family = '', sequence, mac] = refresh_token.split('.');
    const foreign = createRefreshTokenCodec({
      keys: server.services.config.secrets.refreshTokenKeys,
      issuer: 'https://elsewhere.example',
    });
    const queries: string[] = [];
    server.database.knex.on('query', ({ sql }: { sql: string }) => queries.push(sql));
    for (const token of [
      `${family}.1.${mac}`,
      `AAAAAAAAAAAAAAAAAAAAAA.${sequence}.${mac}`,
      foreign.encode({ family: Buffer.from(family, 'base64url'), sequence: 0 }, DEMO_WEB.client_id),
      'nonsense',
    ]) {
      expect(await refresh(server.url, token)).toMatchObject({ status: 400, body: NOT_VALID });
    }
    server.database.knex.removeAllListeners('query');
    expect(queries.filter((sql) => /refresh_families|grants/.test(sql))).toEqual([]);
  });

  it('is introspected and revoked as itself', async () => {
    const tokens = await signIn();
    const introspect = (token: string) =>
      postForm(`${server.url}/auth/introspect`, { token }, BASIC).then(({ body }) => body.active);
    expect(await introspect(tokens.refresh_token)).toBe(true);
    const next = await refreshed(tokens.refresh_token);
    expect((await postForm(`${server.url}/auth/revoke`, { token: next.refresh_token }, BASIC)).status).toBe(
      200,
    );
    expect(await introspect(next.refresh_token)).toBe(false);
    expect((await userinfo(server.url, tokens.access_token)).status).toBe(401);
  });
});
