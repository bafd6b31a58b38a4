import type { Knex } from 'knex';
import { openBrowser } from '../../support/browsers/browser.ts';
import { exchange, obtainCode, obtainTokens, refresh } from '../../support/clients/relying-party.ts';
import { startTestServer, type TestServer } from '../../support/servers/test-server.ts';

const SIGN_INS = 8;

/** Requests that come together are one statement, so a row that somebody has locked could keep all of them waiting. */
describe('requests that come together, of which another transaction has locked one row', () => {
  let server: TestServer;
  let knex: Knex;
  beforeAll(async () => {
    server = await startTestServer();
    ({ knex } = server.database);
  });
  afterAll(() => server.close());

  it('refresh but for that one, which refreshes when the row is free', async () => {
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

  it.each([
    {
      what: 'code',
      lockOf: (trx: Knex.Transaction) => trx('artifacts').where({ model: 'AuthorizationCode' }),
    },
    { what: 'grant', lockOf: (trx: Knex.Transaction) => trx('grants') },
  ])(
    'exchange their codes but for that one, whose $what is locked, and then that one',
    async ({ lockOf }) => {
      await knex('grants').delete();
      const browser = openBrowser();
      const codes: string[] = [];
      for (let n = 0; n < SIGN_INS; n += 1) codes.push(await obtainCode(server.url, {}, browser));
      const lock = await knex.transaction();
      const [locked] = await lockOf(lock).forUpdate().limit(1);
      const lockedGrant = locked.grant_id ?? locked.id;

      const exchanging = codes.map((code) => exchange(server.url, code));
      let answered = 0;
      const others = new Promise<void>((done) => {
        for (const each of exchanging)
          void each.then(() => {
            answered += 1;
            if (answered === SIGN_INS - 1) done();
          });
      });
      await others;
      const begun = () => knex('refresh_families').pluck('grant_id');
      expect(await begun()).toHaveLength(SIGN_INS - 1);
      expect(await begun()).not.toContain(lockedGrant);

      await lock.commit();
      expect((await Promise.all(exchanging)).map(({ status }) => status)).toEqual(codes.map(() => 200));
      expect(await begun()).toContain(lockedGrant);
    },
  );
});
