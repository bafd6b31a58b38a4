import type { Knex } from 'knex';
import { obtainTokens, refresh } from '../../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

const SIGN_INS = 8;

/** Refreshes that come together are one statement, so a row that somebody has locked could keep all of them waiting. */
describe('refreshes that come together, of which another transaction has locked one row', () => {
  let server: TestServer;
  let knex: Knex;
  beforeAll(async () => {
    server = await startTestServer();
    ({ knex } = server.database);
  });
  afterAll(() => server.close());

  it('are answered but for that one, which is answered when the row is free', async () => {
    const tokens: string[] = [];
    for (let n = 0; n < SIGN_INS; n += 1) tokens.push((await obtainTokens(server.url)).refresh_token ?? '');
    const [lockedToken = ''] = tokens;
    const family = Buffer.from(lockedToken.split('.')[0] ?? '', 'base64url');
    const lock = await knex.transaction();
    await lock('refresh_families').where({ family }).forUpdate();

    const refreshing = tokens.map((token) => refresh(server.url, token));
    const others = await Promise.all(refreshing.slice(1));
    expect(others.map(({ status }) => status)).toEqual(others.map(() => 200));
    const sequences = () => knex('refresh_families').orderBy('sequence').pluck('sequence');
    expect(await sequences()).toEqual([0, ...others.map(() => 1)]);

    await lock.commit();
    expect(await refreshing[0]).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
    expect(await sequences()).toEqual(tokens.map(() => 1));
  });
});
