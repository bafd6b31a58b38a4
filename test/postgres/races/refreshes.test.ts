import { releaseTogether } from '../../support/clients/released-together.ts';
import { DEMO_WEB, exchange, postForm } from '../../support/clients/relying-party.ts';
import {
  aRunner,
  expectNothingAlive,
  fifty,
  interruption,
  newCode,
  outcomes,
  RACE_MS,
  ROUNDS,
  startTwoServers,
  type TwoServers,
  tally,
  tokenRequest,
  tokensIn,
} from './two-servers.ts';

/** Releases fifty requests together at two processes, in twenty rounds for each race. */
describe('two servers on one database', () => {
  let servers: TwoServers;
  beforeAll(async () => {
    servers = await startTwoServers();
  });
  afterAll(() => servers.close());

  const refreshing = (refreshToken: string) =>
    fifty((n) => tokenRequest(servers.at(n), { grant_type: 'refresh_token', refresh_token: refreshToken }));

  it(
    'answer a refresh token with the same successor always, in one row',
    async () => {
      const { database, issuer } = servers;
      const runner = await aRunner(servers);
      const { body } = await exchange(issuer, await newCode(servers, runner));
      let token = String(body.refresh_token);
      for (let round = 1; round <= ROUNDS; round += 1) {
        const replies = await releaseTogether(refreshing(token));
        expect(tally(replies)).toEqual({ 200: 50 });
        const successors = new Set(replies.map(({ body }) => body.refresh_token));
        expect(successors.size).toBe(1);
        expect(successors).not.toContain(token);
        const families = database
          .knex('refresh_families as f')
          .join('grants as g', 'g.id', 'f.grant_id')
          .where({ person_id: runner.id });
        expect(await families.select('f.sequence')).toEqual([{ sequence: round }]);
        token = String([...successors][0]);
      }
    },
    RACE_MS,
  );

  it(
    'leave nothing alive of a refresh token that is revoked while it is used',
    async () => {
      const { issuer, at } = servers;
      const runner = await aRunner(servers);
      for (let round = 0; round < ROUNDS; round += 1) {
        const given = await exchange(issuer, await newCode(servers, runner));
        const token = String(given.body.refresh_token);
        const { client_id, client_secret } = DEMO_WEB;
        const revoke = () => postForm(`${at(round)}/auth/revoke`, { token, client_id, client_secret });
        const replies = await releaseTogether(refreshing(token), interruption(round, revoke));
        expect(['200', '400 invalid_grant']).toEqual(expect.arrayContaining(outcomes(replies)));
        await expectNothingAlive(servers, runner, tokensIn([given, ...replies]));
      }
    },
    RACE_MS,
  );
});
