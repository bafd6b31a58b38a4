import { openBrowser } from '../../support/browsers/browser.ts';
import { releaseTogether } from '../../support/clients/released-together.ts';
import { authorizationUrl, DEMO_SPA, exchange, pkce } from '../../support/clients/relying-party.ts';
import { until } from '../../support/time/until.ts';
import {
  aRunner,
  CHEAP_HASHES,
  codeOf,
  cookieHeader,
  expectNothingAlive,
  fifty,
  interruption,
  newCode,
  outcomes,
  RACE_MS,
  ROUNDS,
  type Runner,
  startTwoServers,
  type TwoServers,
  tokenRequest,
  tokensIn,
} from './two-servers.ts';

type End = (servers: TwoServers, round: Round) => Promise<unknown>;

interface Round {
  number: number;
  runner: Runner;
  /** The cookies of the browser in which the person is signed in. */
  cookies: { cookie: string };
  idToken: string;
}

/** Each ends all grants from this browser at once. */
const ENDINGS: [string, End][] = [
  [
    'signing out',
    async ({ at }, { number, cookies, idToken }) => {
      const query = new URLSearchParams({ id_token_hint: idToken });
      const url = `${at(number)}/auth/logout?${query}`;
      expect((await fetch(url, { redirect: 'manual', headers: cookies })).status).toBe(303);
    },
  ],
  ['disabling the person', (servers, { runner }) => change(servers, runner, { disabled_at: new Date() })],
  [
    'changing the password',
    (servers, { runner, number }) =>
      change(servers, runner, { password_hash: CHEAP_HASHES[number % 2 ? 0 : 1] }),
  ],
];

/** Releases fifty requests together at two processes, in twenty rounds for each race. */
describe('two servers on one database', () => {
  let servers: TwoServers;
  beforeAll(async () => {
    servers = await startTwoServers();
  });
  afterAll(() => servers.close());

  it('let a code that is being given wait for what ends it, and never the other way round as well', async () => {
    const runner = await aRunner(servers);
    const { cookies } = await begin(servers, runner, 0);
    const disabling = await servers.database.knex.transaction();
    const person = () => disabling('people').where({ id: runner.id });
    await person().forUpdate().select('id');
    const asked = releaseTogether([{ url: authorizationUrl(servers.at(0)), headers: cookies }]);
    await untilSomebodyWaits(servers);
    await person().update({ disabled_at: new Date() });
    await disabling.commit();
    expect(outcomes(await asked)).toEqual(['login_required']);
  });

  it('let a code that is being given wait for the consent that is being taken back', async () => {
    const runner = await aRunner(servers);
    const { cookies } = await begin(servers, runner, 0);
    const { knex } = servers.database;
    const consent = { person_id: runner.id, client_id: DEMO_SPA.client_id };
    const { code_challenge, code_challenge_method } = pkce();
    const url = authorizationUrl(servers.at(0), { ...DEMO_SPA, code_challenge, code_challenge_method });
    const ask = async () => outcomes(await releaseTogether([{ url, headers: cookies }]));
    const shown = { scopes: ['openid', 'profile', 'email'], redirect_hosts: ['127.0.0.1'] };
    await knex('consents').insert({ ...consent, ...shown });
    expect(await ask()).toEqual(['code']);

    const withdrawing = await knex.transaction();
    await withdrawing('consents').where(consent).delete();
    const asked = ask();
    await untilSomebodyWaits(servers);
    await withdrawing.commit();
    expect(await asked).toEqual(['login_required']);
    expect(await knex('grants').where(consent)).toEqual([]);
  });

  describe.each(ENDINGS)('%s', (_what, end) => {
    it(
      'leaves nothing alive of a refresh token that is being used',
      async () => {
        const { at } = servers;
        const runner = await aRunner(servers);
        for (let number = 0; number < ROUNDS; number += 1) {
          const { given, ...round } = await begin(servers, runner, number);
          const fields = { grant_type: 'refresh_token', refresh_token: String(given.body.refresh_token) };
          const replies = await releaseTogether(
            fifty((n) => tokenRequest(at(n), fields)),
            interruption(number, () => end(servers, round)),
          );
          expect(['200', '400 invalid_grant']).toEqual(expect.arrayContaining(outcomes(replies)));
          await expectNothingAlive(servers, runner, tokensIn([given, ...replies]));
        }
      },
      RACE_MS,
    );

    it(
      'leaves nothing alive of codes that are being given',
      async () => {
        const { at } = servers;
        const runner = await aRunner(servers);
        for (let number = 0; number < ROUNDS; number += 1) {
          const { given, ...round } = await begin(servers, runner, number);
          const replies = await releaseTogether(
            fifty((n) => ({ url: authorizationUrl(at(n)), headers: round.cookies })),
            interruption(number, () => end(servers, round)),
          );
          expect(['/interaction/:uid', 'code', 'login_required']).toEqual(
            expect.arrayContaining(outcomes(replies)),
          );
          await expectNothingAlive(servers, runner, tokensIn([given]));
          const codes = replies.flatMap((reply) => codeOf(reply) ?? []);
          const redeemed = await Promise.all(codes.map((code, n) => exchange(at(n), code)));
          expect(redeemed.map(({ body }) => body.error)).toEqual(codes.map(() => 'invalid_grant'));
        }
      },
      RACE_MS,
    );
  });
});

/** Waits until a server waits for a locked row. */
async function untilSomebodyWaits({ database }: TwoServers): Promise<void> {
  const waiting = database
    .knex('pg_stat_activity')
    .where({ wait_event_type: 'Lock' })
    .whereRaw('datname = current_database()');
  await until('somebody waits', async () => (await waiting.clone().select('pid')).length > 0);
}

/** Signs the person in again, because the last round ended that. */
async function begin(servers: TwoServers, runner: Runner, number: number) {
  await change(servers, runner, { disabled_at: null });
  const browser = openBrowser();
  const given = await exchange(servers.issuer, await newCode(servers, runner, browser));
  const cookies = cookieHeader(browser, '/auth/authorize');
  return { number, runner, cookies, idToken: String(given.body.id_token), given };
}

function change({ database }: TwoServers, { id }: Runner, columns: object): Promise<unknown> {
  return database
    .knex('people')
    .where({ id })
    .update(columns)
    .then((changed) => changed);
}
